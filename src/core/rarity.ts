import type { Level } from './level.ts';

/** How unusual something is here, as learned from what came before. */
export interface Rarity {
  /** `-log10` of the chance that an hour of this host or account holds at least so much of it. */
  readonly surprise: number;
  /** How many things at least so unusual come in a day, in the whole organisation. */
  readonly perDay: number;
}

/** One hour in 40: worth a person's look. What is less unusual only adds to what is there. */
const STRONG_SURPRISE = 1.6;
/** Where more come than this in a day, they are not worth a look by themselves. */
const STRONG_PER_DAY = 60;

/** True if it is unusual enough to open an incident. */
export function isStrong({ surprise, perDay }: Rarity): boolean {
  return surprise >= STRONG_SURPRISE && perDay <= STRONG_PER_DAY;
}

/** To three digits: nobody knows it better. */
export function rounded({ surprise, perDay }: Rarity): Rarity {
  return { surprise: Number(surprise.toPrecision(3)), perDay: Number(perDay.toPrecision(3)) };
}

const MAX_STRENGTH = 4;
const BY_LEVEL: Readonly<Record<Level, number>> = { informational: 0, low: 0.5, medium: 1, high: 3, critical: 4 };

/** 0 to 4: what a finding adds to the strength of its incident, where each detector counts once. */
export function strengthOf({ level, rarity }: { readonly level: Level; readonly rarity?: Rarity }): number {
  return Math.max(BY_LEVEL[level], Math.min(MAX_STRENGTH, rarity?.surprise ?? 0));
}
