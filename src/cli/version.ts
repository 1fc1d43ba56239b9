import { readFileSync } from 'node:fs';

export function ourVersion(): string {
  // Our own package file.
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
