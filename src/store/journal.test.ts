import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { smallDisk } from '../../test/small-disk.ts';
import { Refusal } from '../core/refusal.ts';
import { type Journal, type JournalDamage, type JournalEntry, openJournal, readJournal } from './journal.ts';

const made: string[] = [];
function temp(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'wardwatch-journal-'));
  made.push(dir);
  return path.join(dir, 'journal');
}
after(() => made.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

const bytes = (text: string) => Buffer.from(text, 'utf8');

async function all(entries: AsyncIterable<JournalEntry>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { payload } of entries) texts.push(payload.toString('utf8'));
  return texts;
}

async function filled(dir: string, count: number, options = {}): Promise<number[]> {
  const journal = await openJournal(dir, options);
  const positions: number[] = [];
  for (let number = 0; number < count; number++) positions.push(await journal.append(bytes(`payload ${number}`)));
  await journal.close();
  return positions;
}

const names = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `payload ${from + index}`);
const fileAt = (dir: string, index: number) => path.join(dir, readdirSync(dir).sort()[index] ?? '');

test('gives back what was appended, in order, after it was opened again', async () => {
  const dir = temp();
  const positions = await filled(dir, 20);
  deepEqual(
    positions,
    [...positions].sort((a, b) => a - b),
  );
  const journal = await openJournal(dir);
  deepEqual(await all(journal.read(0)), names(20));
  deepEqual(await all(journal.read(positions[7] as number)), names(13, 7));
  await journal.append(bytes('payload 20'));
  deepEqual(await all(journal.read(0)), names(21));
  await journal.close();
  deepEqual(await all(readJournal(dir, 0, () => ok(false))), names(21));
});

test('goes on to new segments, reads across them, and forgets whole ones only', async () => {
  const dir = temp();
  const positions = await filled(dir, 100, { maxSegmentBytes: 200 });
  ok(readdirSync(dir).length > 10);
  const journal = await openJournal(dir, { maxSegmentBytes: 200 });
  deepEqual(await all(journal.read(0)), names(100));
  await journal.forgetBefore(positions[50] as number);
  ok(journal.start <= (positions[50] as number));
  const kept = await all(journal.read(0));
  ok(kept.length >= 50 && kept.length < 60, `${kept.length} kept`);
  deepEqual(await all(journal.read(positions[50] as number)), names(50, 50));
  await journal.forgetBefore(Number.MAX_SAFE_INTEGER);
  equal(readdirSync(dir).length, 1, 'the segment that is written to stays');
  const next = await journal.append(bytes('after'));
  ok(next > (positions[99] as number), 'positions are never used again');
  await journal.close();
  const again = await openJournal(dir);
  ok(again.end > next);
  await again.close();
});

test('those who append together share a sync, and each gets the position of its own payload', async () => {
  const journal = await openJournal(temp());
  const payloads = names(1000);
  const positions = await Promise.all(payloads.map((text) => journal.append(bytes(text))));
  equal(journal.pendingBytes, 0);
  const read: [number, string][] = [];
  for await (const { position, payload } of journal.read(0)) read.push([position, payload.toString('utf8')]);
  deepEqual(
    read,
    payloads.map((text, index) => [positions[index], text]),
  );
  await journal.close();
});

test('is read while it is appended to', async () => {
  const journal = await openJournal(temp(), { maxSegmentBytes: 5000 });
  let wanted = 0;
  const writing = (async () => {
    for (let number = 0; number < 500; number++) await journal.append(bytes(`payload ${number}`));
  })();
  let from = 0;
  while (wanted < 500) {
    for await (const { next, payload } of journal.read(from)) {
      equal(payload.toString('utf8'), `payload ${wanted++}`);
      from = next;
    }
    await journal.forgetBefore(from);
    await new Promise(setImmediate);
  }
  await writing;
  await journal.close();
});

test('pushes back when more is waiting than may', async () => {
  const journal = await openJournal(temp(), { maxPendingBytes: 1000 });
  const first = journal.append(Buffer.alloc(900));
  equal(journal.pendingBytes, 900);
  await rejects(journal.append(Buffer.alloc(200)), refusal('store/busy'));
  await first;
  await journal.append(Buffer.alloc(200));
  await journal.close();
});

test('a tail torn at any byte is cut, told of, and everything before it stays', async () => {
  const dir = temp();
  const positions = await filled(dir, 4);
  const file = fileAt(dir, 0);
  const whole = readFileSync(file);
  const last = positions[3] as number;
  for (let size = last + 1; size < whole.length; size++) {
    writeFileSync(file, whole.subarray(0, size));
    const damage: JournalDamage[] = [];
    deepEqual(await all(readJournal(dir, 0, (found) => damage.push(found))), names(3));
    const torn: JournalDamage = { kind: 'torn-tail', file, from: last, to: size };
    deepEqual(damage, [torn]);
    const journal = await openJournal(dir, { onDamage: (found) => damage.push(found) });
    deepEqual(damage, [torn, torn]);
    equal(await journal.append(bytes('again')), last);
    deepEqual(await all(journal.read(0)), [...names(3), 'again']);
    await journal.close();
  }
});

test('zeros behind the last frame, as a power cut leaves them, are a torn tail', async () => {
  const dir = temp();
  await filled(dir, 3);
  const file = fileAt(dir, 0);
  const size = statSync(file).size;
  truncateSync(file, size + 100_000);
  const damage: JournalDamage[] = [];
  const journal = await openJournal(dir, { onDamage: (found) => damage.push(found) });
  deepEqual(damage, [{ kind: 'torn-tail', file, from: size, to: size + 100_000 }]);
  deepEqual(await all(journal.read(0)), names(3));
  await journal.close();
});

test('a bit flipped anywhere is told of, and costs the frame that it hit, no other', async () => {
  const dir = temp();
  const positions = await filled(dir, 5);
  const file = fileAt(dir, 0);
  const whole = readFileSync(file);
  const end = positions[4] as number;
  for (let at = 0; at < end; at++) {
    const flipped = Buffer.from(whole);
    flipped[at] = (flipped[at] ?? 0) ^ 0x40;
    writeFileSync(file, flipped);
    const damage: JournalDamage[] = [];
    const journal = await openJournal(dir, { onDamage: (found) => damage.push(found) });
    const hit = positions.findLastIndex((position) => position <= at);
    deepEqual(
      await all(journal.read(0)),
      names(5).filter((_, index) => index !== hit),
      `byte ${at}`,
    );
    deepEqual(damage[0], {
      kind: 'damaged',
      file,
      from: hit === -1 ? 0 : positions[hit],
      to: positions[hit + 1],
    });
    await journal.close();
    writeFileSync(file, whole);
  }
});

test('a missing segment is told of', async () => {
  const dir = temp();
  await filled(dir, 100, { maxSegmentBytes: 200 });
  const gone = readdirSync(dir).sort()[3] as string;
  const next = readdirSync(dir).sort()[4] as string;
  rmSync(path.join(dir, gone));
  const damage: JournalDamage[] = [];
  const journal = await openJournal(dir, { onDamage: (found) => damage.push(found) });
  const kept = await all(journal.read(0));
  ok(kept.length > 90 && kept.length < 100);
  deepEqual(damage, [
    {
      kind: 'missing',
      file: fileAt(dir, 2),
      from: Number.parseInt(gone, 10),
      to: Number.parseInt(next, 10),
    },
  ]);
  await journal.close();
});

test('a payload that looks like frames is only a payload', async () => {
  const dir = temp();
  await filled(dir, 2);
  const frames = readFileSync(fileAt(dir, 0));
  const journal = await openJournal(dir);
  await journal.append(frames);
  await journal.append(bytes('last'));
  await journal.close();
  const file = fileAt(dir, 0);
  const damaged = readFileSync(file);
  // The length of the frame that holds the frames.
  damaged[frames.length + 4] = 1;
  writeFileSync(file, damaged);
  deepEqual(await all(readJournal(dir, 0, () => undefined)), [...names(2), 'last']);
});

test('a segment of which only a piece of the header was written is made anew', async () => {
  const dir = temp();
  await filled(dir, 3);
  const end = statSync(fileAt(dir, 0)).size;
  writeFileSync(path.join(dir, `${String(end).padStart(16, '0')}.journal`), 'WWJO');
  const journal = await openJournal(dir);
  equal(await journal.append(bytes('payload 3')), end);
  deepEqual(await all(journal.read(0)), names(4));
  await journal.close();
});

test('a full disk refuses the append, keeps what was acknowledged, and goes on when there is space', async (t) => {
  const disk = smallDisk(t, 2 << 20);
  if (disk === null) return;
  const dir = path.join(disk, 'journal');
  const ballast = path.join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(1 << 20));
  let journal: Journal = await openJournal(dir, { maxSegmentBytes: 150_000 });
  const acknowledged: string[] = [];
  const append = async (number: number) => {
    const text = `${number} ${'x'.repeat(20_000)}`;
    await journal.append(bytes(text));
    acknowledged.push(text);
  };
  let refused = 0;
  for (let number = 0; number < 100; number++) {
    try {
      await append(number);
    } catch (error) {
      ok(error instanceof Refusal && error.code === 'store/disk-full');
      if (++refused > 5) break;
    }
  }
  ok(refused > 5 && acknowledged.length > 10, `${acknowledged.length} fitted`);
  deepEqual(await all(journal.read(0)), acknowledged);
  await journal.close();
  journal = await openJournal(dir, { onDamage: () => ok(false, 'no damage is left') });
  rmSync(ballast);
  for (let number = 100; number < 120; number++) await append(number);
  deepEqual(await all(journal.read(0)), acknowledged);
  await journal.close();
});

test('a journal that lost its end is told of, and no position is given twice', async () => {
  const dir = temp();
  const journal = await openJournal(dir, { maxSegmentBytes: 200 });
  const positions: number[] = [];
  for (const name of names(20)) positions.push(await journal.append(bytes(name)));
  const { end } = journal;
  await journal.close();
  // The newest segment is gone, and the one before it is cut.
  const segments = readdirSync(dir).sort();
  rmSync(path.join(dir, segments.at(-1) ?? ''));
  const damage: JournalDamage[] = [];
  const opened = await openJournal(dir, { reaches: end, onDamage: (found) => damage.push(found) });
  deepEqual(
    damage.map(({ kind, to }) => [kind, to]),
    [['missing', end]],
  );
  ok((await opened.append(bytes('after'))) >= end);
  const kept = await all(opened.read(0));
  equal(kept.at(-1), 'after');
  deepEqual(kept.slice(0, -1), names(20).slice(0, kept.length - 1));
  await opened.close();
  // Told once: from now on it is a hole between two segments, as the first reading says.
  const again: JournalDamage[] = [];
  await (await openJournal(dir, { reaches: end, onDamage: (found) => again.push(found) })).close();
  deepEqual(again, []);
});

test('a journal whose folder is gone altogether goes on where it was', async () => {
  const dir = temp();
  const damage: JournalDamage[] = [];
  const journal = await openJournal(dir, { reaches: 5000, onDamage: (found) => damage.push(found) });
  deepEqual(
    damage.map(({ kind, from, to }) => [kind, from, to]),
    [['missing', 0, 5000]],
  );
  ok((await journal.append(bytes('first'))) >= 5000);
  await journal.close();
});

function refusal(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code;
}
