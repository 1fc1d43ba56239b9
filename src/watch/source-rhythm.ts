/** Local hours of a week, Monday 00:00 first. */
const HOURS_OF_WEEK = 168;
export const SLOT_MS = 10 * 60_000;
const SLOTS_A_DAY = 144;
/** Ten weeks of an hour's slots; what is older fades. */
const MAX_WATCHED = 60;
/** A week. */
const MAX_SILENT_SLOTS = 7 * SLOTS_A_DAY;
/** Until so many slots were watched, what a weekend is like is not known. */
const LEARNING_SLOTS = 8 * SLOTS_A_DAY;
/** Silent for so many times the longest silence so far, whatever the time of the week: five nights are a weekend. */
const MAX_GAPS = 5;
const MIN_GAP_MS = 3 * 3_600_000;
/** Nobody knows yet what its nights are like. */
const MIN_LEARNING_GAP_MS = 24 * 3_600_000;
/** A silence that comes by chance once in so many. */
const MAX_CHANCE = 0.001;
/** An hour of the week that is not known well leans on the same hour of all days by one slot. */
const LEAN_SLOTS = 1;
/** Not one silent slot is proof, however chatty the source was: a shipper is restarted, a network blinks. */
const MAX_HEARD = 0.98;
const MIN_HEARD = 0.2;

/** What was learned of when one source is heard. Plain data. */
export interface SourceRhythm {
  /** Slots of each hour of the week in which it was heard, and all that were watched. */
  readonly heard: number[];
  readonly watched: number[];
  lastHeardAt: number | null;
  /** Milliseconds: the longest time without a word so far that was not told. */
  longestGapMs: number;
  /** The hours of the week of the slots since then. Only a word says that this silence was one of the usual. */
  silent: number[];
  /** When the present silence was told; `null`: it is not silent, or that was not told. */
  toldAt: number | null;
}

export function newRhythm(): SourceRhythm {
  return {
    heard: new Array<number>(HOURS_OF_WEEK).fill(0),
    watched: new Array<number>(HOURS_OF_WEEK).fill(0),
    lastHeardAt: null,
    longestGapMs: 0,
    silent: [],
    toldAt: null,
  };
}

/** It was heard. A silence that was told is not learned from: it must not become what is usual. */
export function hear(rhythm: SourceRhythm, at: number): void {
  if (rhythm.lastHeardAt !== null && rhythm.toldAt === null) {
    rhythm.longestGapMs = Math.max(rhythm.longestGapMs, at - rhythm.lastHeardAt);
    for (const hourOfWeek of rhythm.silent) learn(rhythm, hourOfWeek, false);
  }
  if (rhythm.silent.length > 0) rhythm.silent = [];
  rhythm.lastHeardAt = Math.max(rhythm.lastHeardAt ?? 0, at);
  rhythm.toldAt = null;
}

/** A slot is over. */
export function endSlot(rhythm: SourceRhythm, hourOfWeek: number, wasHeard: boolean): void {
  if (wasHeard) learn(rhythm, hourOfWeek, true);
  else if (rhythm.silent.length < MAX_SILENT_SLOTS) rhythm.silent.push(hourOfWeek);
}

function learn({ heard, watched }: SourceRhythm, hourOfWeek: number, wasHeard: boolean): void {
  const before = watched[hourOfWeek] ?? 0;
  const fade = before < MAX_WATCHED ? 1 : (MAX_WATCHED - 1) / MAX_WATCHED;
  watched[hourOfWeek] = before * fade + 1;
  heard[hourOfWeek] = (heard[hourOfWeek] ?? 0) * fade + (wasHeard ? 1 : 0);
}

/**
 * True if the source has been silent for longer than chance allows.
 *
 * @param from since when it could have been heard: its last word, or our own start if that is later
 * @param hourOfWeek of a moment, in the site's zone
 */
export function isSilent(rhythm: SourceRhythm, from: number, now: number, hourOfWeek: (at: number) => number): boolean {
  if (rhythm.lastHeardAt === null) return false;
  const watched = rhythm.watched.reduce((sum, each) => sum + each, 0);
  const isLearning = watched < LEARNING_SLOTS;
  const leastMs = isLearning ? MIN_LEARNING_GAP_MS : MIN_GAP_MS;
  if (now - from > Math.max(leastMs, MAX_GAPS * rhythm.longestGapMs)) return true;
  if (isLearning) return false;
  let chance = 1;
  for (let at = from + SLOT_MS; at <= now && chance > MAX_CHANCE; at += SLOT_MS) {
    const heard = heardChance(rhythm, hourOfWeek(at));
    // Hundreds of slots in which hardly anything is expected would add up to a certainty that nobody has.
    if (heard >= MIN_HEARD) chance *= 1 - Math.min(MAX_HEARD, heard);
  }
  return chance <= MAX_CHANCE;
}

/** The chance that a slot of this hour of the week holds a word. */
function heardChance({ heard, watched }: SourceRhythm, hourOfWeek: number): number {
  let heardThen = 0;
  let watchedThen = 0;
  for (let hour = hourOfWeek % 24; hour < HOURS_OF_WEEK; hour += 24) {
    heardThen += heard[hour] ?? 0;
    watchedThen += watched[hour] ?? 0;
  }
  const ofAllDays = (heardThen + 0.5) / (watchedThen + 1);
  return ((heard[hourOfWeek] ?? 0) + LEAN_SLOTS * ofAllDays) / ((watched[hourOfWeek] ?? 0) + LEAN_SLOTS);
}

/** The hour of the week in a zone, as quickly as it is asked for thousands of times. */
export function hourOfWeekIn(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', hourCycle: 'h23' });
  const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
  const known = new Map<number, number>();
  return (at) => {
    const hour = Math.floor(at / 3_600_000);
    let ofWeek = known.get(hour);
    if (ofWeek === undefined) {
      const parts = format.formatToParts(hour * 3_600_000);
      const part = (type: string) => parts.find((each) => each.type === type)?.value ?? '';
      ofWeek = days.indexOf(part('weekday')) * 24 + Number(part('hour'));
      if (known.size > 2000) known.clear();
      known.set(hour, ofWeek);
    }
    return ofWeek;
  };
}
