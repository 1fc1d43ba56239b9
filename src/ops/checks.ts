import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../core/refusal.ts';
import { PART, segmentsFolder } from '../store/archive/segment-files.ts';
import { Catalog } from '../store/archive/catalog.ts';
import { readChain } from '../store/archive/chain.ts';
import { proofOf } from '../store/backup/key-proof.ts';
import { placesIn } from '../store/places.ts';

/** One thing that was looked at. */
export interface Check {
  readonly what: string;
  /** `bad`: something has to be done. `watch`: it will have to be soon. */
  readonly state: 'well' | 'watch' | 'bad';
  readonly detail: string;
  /** What to do; '' when all is well. */
  readonly mend: string;
}

const DAY_MS = 24 * 3_600_000;
const GIB = 1 << 30;

/** What lies on disk: space, clock, certificate, who may look, keys, archive. Works while the service runs. */
export function fileChecks(data: string, keys: string, now: number): Check[] {
  return [
    diskCheck(data),
    clockCheck(data, now),
    certificateCheck(keys, now),
    dataFolderCheck(data),
    keysCheck(keys),
    archiveCheck(data),
  ];
}

function diskCheck(data: string): Check {
  const { bavail, bsize } = statfsSync(data);
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB are free on the disk of ${data}`;
  const mend = 'Free space, or move the data folder to a larger disk: with less than 1 GiB nothing more is taken in.';
  return {
    what: 'disk',
    state: free < 2 * GIB ? 'bad' : free < 10 * GIB ? 'watch' : 'well',
    detail,
    mend: free < 10 * GIB ? mend : '',
  };
}

/** What was written later than now says that the clock goes wrong, or went. */
function clockCheck(data: string, now: number): Check {
  const { journal } = placesIn(data);
  const newest = existsSync(journal)
    ? Math.max(
        0,
        ...readdirSync(journal).map(
          // The service may forget one meanwhile.
          (name) => statSync(path.join(journal, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
        ),
      )
    : 0;
  const ahead = newest - now;
  return ahead > 60_000
    ? {
        what: 'clock',
        state: 'bad',
        detail: `the journal was written ${Math.round(ahead / 60_000)} minutes in the future`,
        mend: 'Set the clock and switch time synchronisation on (timedatectl set-ntp true).',
      }
    : { what: 'clock', state: 'well', detail: `it is ${new Date(now).toISOString()}`, mend: '' };
}

function certificateCheck(keys: string, now: number): Check {
  const file = path.join(keys, 'tls.crt');
  if (!existsSync(file))
    return {
      what: 'certificate',
      state: 'watch',
      detail: `there is no ${file}`,
      mend: 'It is made when the service starts; put your own in its place.',
    };
  const until = new X509Certificate(readFileSync(file)).validToDate.getTime();
  const days = Math.floor((until - now) / DAY_MS);
  const mend = `Put a new certificate and key in ${keys} (tls.crt, tls.key), or remove both and start the service.`;
  return {
    what: 'certificate',
    state: days < 7 ? 'bad' : days < 30 ? 'watch' : 'well',
    detail: days < 0 ? `it ended ${-days} days ago` : `it is good for ${days} days`,
    mend: days < 30 ? mend : '',
  };
}

function dataFolderCheck(data: string): Check {
  return process.platform !== 'win32' && (statSync(data).mode & 0o007) !== 0
    ? { what: 'data folder', state: 'bad', detail: `everybody may look into ${data}`, mend: `chmod o-rwx ${data}` }
    : { what: 'data folder', state: 'well', detail: 'only its owner and group may look into it', mend: '' };
}

function keysCheck(keys: string): Check {
  if (!existsSync(keys))
    return {
      what: 'keys',
      state: 'bad',
      detail: `there is no folder ${keys}`,
      mend: 'Name it with --keys, or restore it from its escrow.',
    };
  const isExposed = (file: string) => process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0;
  const open = readdirSync(keys).filter((name) => name.endsWith('.key') && isExposed(path.join(keys, name)));
  if (isExposed(keys)) open.push(keys);
  return open.length > 0
    ? {
        what: 'keys',
        state: 'bad',
        detail: `others may look into ${open.join(', ')}`,
        mend: `chmod 700 ${keys}; chmod 600 ${keys}/*.key`,
      }
    : { what: 'keys', state: 'well', detail: `only their owner may read those in ${keys}`, mend: '' };
}

const ARCHIVE_MEND =
  'Keep the folder as it is, run “npm start -- verify --data DIR” with the data folder, and compare with a backup.';

/** Quick: each link of the chain, and that each segment is there in its length. `verify` reads all of them. */
function archiveCheck(data: string): Check {
  const { archive } = placesIn(data);
  const { problems, lines, head } = readChain(archive);
  const [problem] = problems;
  if (problem !== undefined)
    return {
      what: 'archive',
      state: 'bad',
      detail: `line ${problem.line} of its chain: ${problem.detail}`,
      mend: ARCHIVE_MEND,
    };
  const { live } = new Catalog(lines);
  const wrong = [...live.values()].filter(
    ({ name, bytes }) => sizeOf(path.join(segmentsFolder(archive), name)) !== bytes,
  );
  // Those that a running service deleted since we read the chain are right to be gone.
  const { deleted } = new Catalog(wrong.length > 0 ? readChain(archive).lines : []);
  const names = wrong.map(({ name }) => name).filter((name) => !deleted.has(name));
  return names.length > 0
    ? {
        what: 'archive',
        state: 'bad',
        detail: `${names.length} of ${live.size} segments are gone or cut: ${names.slice(0, 3).join(', ')}`,
        mend: ARCHIVE_MEND,
      }
    : {
        what: 'archive',
        state: 'well',
        detail: `its chain has ${lines.length} lines; the head is ${head.hash.slice(0, 16)}…`,
        mend: '',
      };
}

/** `null` if it is not there. Right after its sealing a segment has not got its name yet. */
function sizeOf(segment: string): number | null {
  for (const file of [segment, segment + PART, segment]) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found !== undefined) return found.size;
  }
  return null;
}

/** @param runs rules that load. @param cannot documents that were meant as one, and do not */
export function rulesCheck(runs: number, cannot: number): Check {
  return runs === 0
    ? { what: 'rules', state: 'bad', detail: 'none loads', mend: 'Run “npm start -- rules check”.' }
    : {
        what: 'rules',
        state: cannot > runs / 10 ? 'watch' : 'well',
        detail: `${runs} run, ${cannot} cannot`,
        mend: cannot > runs / 10 ? 'Run “npm start -- rules check” to see why.' : '',
      };
}

/**
 * @param aside things of the last day that could not be read
 * @param gone how many such things went in the last day, or since before it, because there was no room for more
 */
export function setAsideCheck(aside: number, gone: number): Check {
  if (gone > 0)
    return {
      what: 'set aside',
      state: 'bad',
      detail: `there is no more room for what one source sends and nobody can read: ${gone} messages are gone for good`,
      mend: 'The page says which source, and why, under Settings, Set aside: mend what it sends, or switch it off.',
    };
  return aside > 0
    ? {
        what: 'set aside',
        state: 'watch',
        detail: `${aside} things of the last day could not be read`,
        mend: 'The page says why, under Settings, Set aside.',
      }
    : { what: 'set aside', state: 'well', detail: 'everything of the last day could be read', mend: '' };
}

/** @param waiting notices whose last try failed */
export function noticesCheck(waiting: number): Check {
  return waiting > 0
    ? {
        what: 'notices',
        state: 'bad',
        detail: `${waiting} could not be delivered`,
        mend: 'Send a test under Settings, Notices: it says what does not take them.',
      }
    : { what: 'notices', state: 'well', detail: 'none waits to be delivered', mend: '' };
}

/** @param setting what `wardwatch backup` wrote down; `undefined`: nothing */
export function backupCheck(setting: string | undefined, now: number): Check {
  const backedUpAt = setting === undefined ? null : Date.parse((JSON.parse(setting) as { at: string }).at);
  const age = backedUpAt === null ? null : Math.floor((now - backedUpAt) / DAY_MS);
  return age === null || age > 7
    ? {
        what: 'backup',
        state: 'bad',
        detail: age === null ? 'there is none' : `the last is ${age} days old`,
        mend: 'Run every night: npm start -- backup --to FILE --passphrase-file FILE (docs/running.md)',
      }
    : { what: 'backup', state: 'well', detail: `the last is ${age} days old`, mend: '' };
}

/**
 * A proof is believed only if it was made with the keys that are in use now.
 *
 * @param kept the setting with the proof of before. @param given a new one
 * @returns `proved`: the new one, if it is right and is to be kept
 */
export async function escrowCheck(
  kept: string | undefined,
  given: string | null,
  keys: string,
  data: string,
): Promise<{ readonly check: Check; readonly proved: string | null }> {
  const mend =
    'Run npm start -- backup --key-escrow FILE; on another machine npm start -- restore --key-escrow FILE; then here npm start -- doctor --escrow-proof with what that printed (docs/running.md)';
  const bad = (detail: string, how = mend) => ({
    check: { what: 'key escrow', state: 'bad', detail, mend: how } as const,
    proved: null,
  });
  if (!existsSync(keys)) return bad('there are no keys');
  let proof: string;
  try {
    proof = await proofOf(keys, data);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return bad(error.message, 'Mend the keys first.');
  }
  if (given === proof)
    return { check: { what: 'key escrow', state: 'well', detail: 'proved just now', mend: '' }, proved: proof };
  if (given !== null) return bad('that proof is not of these keys');
  const isProved = kept !== undefined && (JSON.parse(kept) as { proof: string }).proof === proof;
  return isProved
    ? { check: { what: 'key escrow', state: 'well', detail: 'proved by a restore', mend: '' }, proved: null }
    : bad('no escrow of these keys has been proved: if they are lost, so is what they protect');
}
