import type { UtcMs } from '../../core/event.ts';
import { forgetOldest } from './forget-oldest.ts';

/** Names under one registered name in one hour. */
interface Asked {
  hour: number;
  /** A bit for each name that was asked for, by its hash. */
  readonly seen: number[];
}

const HOUR_MS = 3_600_000;
/** 2,048 bits: a hundred names a minute are still told apart well enough, and more need no telling apart. */
const WORDS = 64;
/** About 700 bytes each: 7 MB. The name longest without a question is forgotten first. */
const MAX_ASKED = 10_000;

/**
 * Adds up what the names asked for below one registered name could carry out. A name counts once an hour: who asks for
 * the same again says nothing new.
 */
export class Names {
  readonly #asked = new Map<string, Asked>();

  /** @returns how many bytes the part below the registered name could carry; 0 if the name was asked for in this hour already */
  see(registered: string, name: string, at: UtcMs): number {
    if (name.length <= registered.length + 1) return 0;
    const hour = Math.floor(at / HOUR_MS);
    let asked = this.#asked.get(registered);
    if (asked === undefined || hour > asked.hour) {
      asked = { hour, seen: [] };
      this.#asked.delete(registered);
      forgetOldest(this.#asked, MAX_ASKED);
      this.#asked.set(registered, asked);
    }
    const hash = hashOf(name);
    const word = (hash >>> 5) % WORDS;
    const bit = 1 << (hash & 31);
    while (asked.seen.length <= word) asked.seen.push(0);
    if (((asked.seen[word] ?? 0) & bit) !== 0) return 0;
    asked.seen[word] = (asked.seen[word] ?? 0) | bit;
    return bytesIn(name.slice(0, -registered.length - 1));
  }

  /** As in `Rhythm`. */
  setBack(to: UtcMs): void {
    for (const [name, { hour }] of this.#asked) if (hour * HOUR_MS > to) this.#asked.delete(name);
  }

  save(): SavedNames {
    return Array.from(this.#asked, ([name, { hour, seen }]) => [name, hour, seen]);
  }

  static from(saved: SavedNames = []): Names {
    const names = new Names();
    for (const [name, hour, seen] of saved) names.#asked.set(name, { hour, seen: [...seen] });
    return names;
  }
}

export type SavedNames = readonly (readonly [name: string, hour: number, seen: readonly number[]])[];

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01_00_01_93);
  return hash >>> 0;
}

/** Shannon's entropy of the characters, times how many there are: nothing for `www`, half of its length for random hex. */
export function bytesIn(text: string): number {
  const counts = new Map<number, number>();
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Dots are where labels have to end.
    if (code === 46) continue;
    counts.set(code, (counts.get(code) ?? 0) + 1);
    length++;
  }
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / length);
  return bits / 8;
}
