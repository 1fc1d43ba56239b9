import { accessSync, constants, createReadStream, statSync } from 'node:fs';
import { Refusal } from '../core/refusal.ts';
import { toJson } from '../intake/evtx/json.ts';
import { CHUNK, EvtxReader, FILE_HEADER } from '../intake/evtx/reader.ts';
import { isEvtxFile } from '../intake/read-log.ts';
import { EXIT } from './exit.ts';
import { helpText, type OptionTable, readOptions } from './options.ts';
import { print, say, withoutControls } from './output.ts';

const OPTIONS: OptionTable = { help: { type: 'boolean', short: 'h', help: 'this text' } };

export const HELP = helpText({
  usage: 'convert FILE…',
  what: 'Writes the records of Windows event logs (EVTX) as JSON, one a line. What cannot be read is said on\nstandard error, and the exit code is then 3.',
  options: OPTIONS,
  examples: [['wardwatch convert Security.evtx > security.ndjson', 'one JSON object a record']],
});

/** @returns the exit code */
export async function runConvert(args: readonly string[]): Promise<number> {
  const given = readOptions('convert', OPTIONS, args);
  if (given.flag('help')) {
    print(HELP);
    return EXIT.done;
  }
  if (given.paths.length === 0) throw new Refusal('usage/no-path', 'wardwatch convert: no file was named');
  for (const file of given.paths) check(file);
  let setAside = 0;
  for (const file of given.paths) setAside += await convertOne(file);
  return setAside > 0 ? EXIT.setAside : EXIT.done;
}

function check(file: string): void {
  try {
    if (!statSync(file).isFile())
      throw new Refusal('input/not-readable', `${file} is not a file: convert takes event logs one by one`);
    accessSync(file, constants.R_OK);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(
      'input/not-found',
      `cannot read ${file}: there is nothing of that name that this account may read`,
    );
  }
}

async function convertOne(file: string): Promise<number> {
  if (!isEvtxFile(file)) {
    say(withoutControls(`set aside: ${file}: not-evtx: it does not begin as a Windows event log does\n`));
    return 1;
  }
  let setAside = 0;
  let lines = '';
  const reader = new EvtxReader({
    onRecord: (record) => {
      lines += `${JSON.stringify(toJson(record))}\n`;
    },
    onDamage: ({ offset, record, reason, detail }) => {
      setAside++;
      const where = `${record === null ? '' : `record ${record}, `}byte ${offset}`;
      say(withoutControls(`set aside: ${file}, ${where}: ${reason}: ${detail}\n`));
    },
  });
  let at = FILE_HEADER;
  // A stream's piece may be shorter than a chunk: chunks are put together here.
  let torn: Buffer = Buffer.alloc(0);
  for await (const piece of createReadStream(file, {
    start: FILE_HEADER,
    highWaterMark: 16 * CHUNK,
  }) as AsyncIterable<Buffer>) {
    const whole = torn.length === 0 ? piece : Buffer.concat([torn, piece]);
    const usable = whole.length - (whole.length % CHUNK);
    reader.readChunks(whole.subarray(0, usable), at);
    at += usable;
    torn = Buffer.from(whole.subarray(usable));
    print(lines);
    lines = '';
  }
  if (torn.length > 0) reader.readChunks(torn, at);
  print(lines);
  return setAside;
}
