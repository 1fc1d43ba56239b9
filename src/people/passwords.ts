import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Refusal } from '../core/refusal.ts';

/** KiB, passes, lanes. Source: OWASP Password Storage Cheat Sheet, argon2id, its first configuration but one. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const TAG_BYTES = 32;
const MIN_LENGTH = 12;
const MAX_LENGTH = 200;
/** Each takes a tenth of a second of a core and 19 MiB: those who wait for their turn are bounded. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 20;
/** Of nobody: who signs in with an unknown name waits as long as with a known one. */
const NOBODY = `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/**
 * What is kept of a password: a PHC string.
 *
 * @throws Refusal `people/weak-password`, `sign-in/busy`
 */
export async function hashPassword(password: string, name: string): Promise<string> {
  checkStrength(password, name);
  const salt = randomBytes(16);
  const hash = await inTurn(() => derive(password, salt, COST));
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${base64(salt)}$${base64(hash)}`;
}

/** @param kept `null`: nobody's; it takes as long, and is never right. @throws Refusal `sign-in/busy` */
export async function isPassword(password: string, kept: string | null): Promise<boolean> {
  const [, , , cost = '', salt = '', hash = ''] = (kept ?? NOBODY).split('$');
  const [, memory, passes, parallelism] = /^m=(\d+),t=(\d+),p=(\d+)$/.exec(cost) ?? [];
  const costs = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const wanted = Buffer.from(hash, 'base64');
  const found = await inTurn(() => derive(password.slice(0, MAX_LENGTH), Buffer.from(salt, 'base64'), costs));
  return timingSafeEqual(found, wanted) && kept !== null;
}

/** Length is what counts: three words that have nothing to do with each other. Source: NCSC, three random words. */
function checkStrength(password: string, name: string): void {
  const weak = (why: string) => new Refusal('people/weak-password', `the password ${why}`);
  if (Array.from(password).length < MIN_LENGTH) throw weak(`is shorter than ${MIN_LENGTH} characters`);
  if (password.length > MAX_LENGTH) throw weak(`is longer than ${MAX_LENGTH} characters`);
  const lower = password.toLowerCase();
  const hardlyAny = new Set(lower).size < 6;
  if (hardlyAny) throw weak('repeats the same few characters');
  if (name !== '' && lower.includes(name.toLowerCase())) throw weak('holds the name');
  if (/^(?:0?1234|qwerty|password|passw0rd|letmein|welcome|admin|wardwatch|hospital)/.test(lower) && lower.length < 20)
    throw weak('begins as the first that are tried');
}

const run = promisify(argon2);

function derive(
  password: string,
  nonce: Buffer,
  cost: typeof COST | Record<keyof typeof COST, number>,
): Promise<Buffer> {
  // The same letter can be typed as one character or as two.
  const message = Buffer.from(password.normalize('NFKC'), 'utf8');
  return run('argon2id', { message, nonce, tagLength: TAG_BYTES, ...cost });
}

let running = 0;
const waiting: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= MAX_AT_ONCE) {
    if (waiting.length >= MAX_WAITING) throw new Refusal('sign-in/busy', 'too many people sign in at this moment');
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
