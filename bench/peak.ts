/** Runs our program in this process and says on standard error how much memory it had at most (kB). */
process.argv.splice(1, 1);
process.on('exit', () => process.stderr.write(`peak ${process.resourceUsage().maxRSS}\n`));
await import(process.argv[1] ?? '');
