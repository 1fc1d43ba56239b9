import type { EventView, UtcMs } from '../../core/event.ts';
import type { Entities } from '../../core/finding.ts';
import { Beacons, type SavedBeacons } from './beacons.ts';
import { Destinations, type SavedDestinations } from './destinations.ts';
import { type Flow, flowOf, type Handling, handlingOf, type Lookup, lookupOf, registeredOf } from './flow.ts';
import { Names, type SavedNames } from './names.ts';
import { type Reading, type SavedVolume, Volume } from './volume.ts';

/** What can be unusual in what machines and accounts send, ask for, read and mail. */
export type TrafficSignal =
  /** More bytes than usual to outside. */
  | 'bytes-out'
  /** More connections than usual, to wherever. */
  | 'connections'
  /** More bytes than usual to places to which hardly any of our machines go. */
  | 'rare-bytes-out'
  /** Under one registered name, names that could carry much. */
  | 'dns-names'
  /** As regular as a clock, to such a place. Has no amount: its rhythm is learned. */
  | 'beacon'
  /** More files than usual, of an account. */
  | 'files-read'
  /** More mails than usual, of an account. */
  | 'mail-sent';

export type VolumeSignal = Exclude<TrafficSignal, 'beacon'>;

/**
 * Less than this in an hour is told of nobody, however unusual, because nobody would act on it: ten megabytes hold some
 * thousand letters, a kilobyte of names one page; a person opens a hundred connections by opening a few web pages.
 */
const FLOORS: Readonly<Record<VolumeSignal, number>> = {
  'bytes-out': 1e7,
  connections: 500,
  'rare-bytes-out': 1e7,
  'dns-names': 1000,
  'files-read': 30,
  'mail-sent': 30,
};
const SIGNALS = Object.keys(FLOORS) as readonly VolumeSignal[];

/** Ports on which every machine is regular by design: time, names. */
const REGULAR_PORTS = new Set(['123', '53', '853']);

/** Something about an event that a model has measured. */
export interface Measured {
  readonly signal: TrafficSignal;
  readonly subject: string;
  readonly entities: Entities;
  readonly facts: Readonly<Record<string, string>>;
  /** `null`: there is no amount, and how often it comes says how unusual it is. */
  readonly reading: Reading | null;
  /** Since when anything of the kind is watched. */
  readonly since: UtcMs;
}

/**
 * How much each machine sends, where to and how regularly, which names it asks for, and how much each account reads and
 * mails. Bounded: six `Volume`, `Destinations`, `Beacons` and `Names`, together at most 130 MB.
 */
export class Traffic {
  readonly #volumes: Readonly<Record<VolumeSignal, Volume>>;
  readonly #destinations: Destinations;
  readonly #beacons: Beacons;
  readonly #names: Names;
  /** When the first event of a kind came. */
  readonly #since: Map<string, UtcMs>;

  constructor(saved?: SavedTraffic) {
    const volume = (signal: VolumeSignal) => Volume.from(saved?.volumes[signal], FLOORS[signal]);
    this.#volumes = {
      'bytes-out': volume('bytes-out'),
      connections: volume('connections'),
      'rare-bytes-out': volume('rare-bytes-out'),
      'dns-names': volume('dns-names'),
      'files-read': volume('files-read'),
      'mail-sent': volume('mail-sent'),
    };
    this.#destinations = Destinations.from(saved?.destinations);
    this.#beacons = Beacons.from(saved?.beacons);
    this.#names = Names.from(saved?.names);
    this.#since = new Map(saved?.since);
  }

  /** What was measured that is worth judging; most events change hardly anything. */
  see(event: EventView, at: UtcMs): Measured[] {
    const flow = flowOf(event);
    if (flow !== null) return this.#flow(flow, at + flow.lastedMs);
    const lookup = lookupOf(event);
    if (lookup !== null) return this.#lookup(lookup, at);
    const handling = handlingOf(event);
    return handling === null ? [] : this.#handling(handling, at);
  }

  #flow({ from, to, place, isOutward, port, bytesOut, bytesIn }: Flow, at: UtcMs): Measured[] {
    const since = this.#sinceOf('flows', at);
    const entities = { host: from, address: from };
    const measure = (signal: VolumeSignal, amount: number) => {
      const reading = this.#volumes[signal].see(from, at, amount);
      return reading === null
        ? []
        : [{ signal, subject: from, entities, facts: { ...inWords(reading, signal), to, place }, reading, since }];
    };
    const measured: Measured[] = measure('connections', 1);
    if (!isOutward) return measured;
    const isRare = this.#destinations.isRare(place, from, at);
    if (bytesOut > 0) measured.push(...measure('bytes-out', bytesOut));
    if (!isRare || bytesOut === 0 || bytesIn === 0) return measured;
    measured.push(...measure('rare-bytes-out', bytesOut));
    const beacon = REGULAR_PORTS.has(port) ? null : this.#beacons.see(`${from} ${place} ${port}`, at, bytesOut);
    if (beacon !== null) {
      const { connections, everyMs, forMs } = beacon;
      const facts = {
        to,
        place,
        port: port === '' ? '' : ` (port ${port})`,
        amount: String(connections),
        every: duration(everyMs),
        lasting: duration(forMs),
      };
      measured.push({ signal: 'beacon', subject: from, entities, facts, reading: null, since });
    }
    return measured;
  }

  #lookup({ from, name }: Lookup, at: UtcMs): Measured[] {
    const since = this.#sinceOf('names', at);
    const registered = registeredOf(name);
    // A name of an address is our own numbers read backwards.
    if (registered.endsWith('.arpa') || registered === 'arpa') return [];
    const bytes = this.#names.see(registered, name, at);
    if (bytes === 0) return [];
    const reading = this.#volumes['dns-names'].see(registered, at, bytes);
    if (reading === null) return [];
    const facts = { ...inWords(reading, 'dns-names'), name: registered };
    return [{ signal: 'dns-names', subject: registered, entities: { host: from }, facts, reading, since }];
  }

  #handling({ kind, account }: Handling, at: UtcMs): Measured[] {
    const since = this.#sinceOf(kind, at);
    const reading = this.#volumes[kind].see(account, at, 1);
    if (reading === null) return [];
    return [{ signal: kind, subject: account, entities: { account }, facts: inWords(reading, kind), reading, since }];
  }

  #sinceOf(kind: string, at: UtcMs): UtcMs {
    const since = this.#since.get(kind);
    if (since !== undefined) return since;
    this.#since.set(kind, at);
    return at;
  }

  /** As in `Rhythm`. */
  setBack(to: UtcMs): void {
    for (const signal of SIGNALS) this.#volumes[signal].setBack(to);
    this.#destinations.setBack(to);
    this.#beacons.setBack(to);
    this.#names.setBack(to);
    for (const [kind, since] of this.#since) this.#since.set(kind, Math.min(since, to));
  }

  save(): SavedTraffic {
    return {
      volumes: Object.fromEntries(SIGNALS.map((signal) => [signal, this.#volumes[signal].save()])),
      destinations: this.#destinations.save(),
      beacons: this.#beacons.save(),
      names: this.#names.save(),
      since: [...this.#since],
    };
  }
}

export interface SavedTraffic {
  readonly volumes: Readonly<Partial<Record<VolumeSignal, SavedVolume>>>;
  readonly destinations: SavedDestinations;
  readonly beacons: SavedBeacons;
  readonly names: SavedNames;
  readonly since: readonly (readonly [kind: string, since: UtcMs])[];
}

function inWords({ amount, usual, peers }: Reading, signal: VolumeSignal): Record<string, string> {
  const words = (value: number) =>
    signal === 'connections' || signal === 'files-read' || signal === 'mail-sent'
      ? Math.round(value).toLocaleString('en-GB')
      : size(value);
  return {
    amount: words(amount),
    usual: usual === null ? 'not known yet' : `about ${words(usual)}`,
    peers: peers >= 0.5 ? 'more than half' : `1 in ${Number((1 / peers).toPrecision(2)).toLocaleString('en-GB')}`,
  };
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

function size(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Number((bytes / 1000 ** step).toPrecision(2))} ${UNITS[step] ?? ''}`;
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} seconds`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}
