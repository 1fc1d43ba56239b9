import type { EventView, UtcMs } from '../../core/event.ts';
import { forgetOldest } from './forget-oldest.ts';

/** A program was started on a machine. */
export interface ProgramStart {
  /** In lower case. */
  readonly host: string;
  /** Its file, with its path where the log has one. */
  readonly image: string;
}

/** What is notable about a start: nobody has run it, or hardly any machine of the kind. */
export interface NewProgram {
  readonly kind: 'unseen' | 'rare';
  /** As it is told apart from others: in small letters, without what differs from one installation to the next. */
  readonly program: string;
  /** How many machines of the same kind there are, this one left out, and how many of them have run it. */
  readonly peers: number;
  readonly having: number;
}

const DAY_MS = 86_400_000;
const MAX_IMAGE = 400;

/** `null` if the event is no start of a program that we know. */
export function programStartOf(event: EventView): ProgramStart | null {
  const { channel, eventId } = event;
  const isStart =
    (eventId === 4688 && channel === 'security') ||
    (eventId === 1 && channel === 'microsoft-windows-sysmon/operational') ||
    (channel === '' && event.logSource.category === 'process_creation');
  if (!isStart) return null;
  const image = textAt(event, eventId === 4688 ? 'NewProcessName' : 'Image') ?? textAt(event, 'Image');
  const host =
    textAt(event, 'Computer') ??
    textAt(event, 'host.name') ??
    textAt(event, 'device.hostname') ??
    textAt(event, 'hostname');
  if (image === null || host === null) return null;
  return { host: host.toLowerCase(), image: image.slice(0, MAX_IMAGE) };
}

/** A machine, with the numbers of the programs that it runs. */
interface Machine {
  /** Filled from the start; once full, the oldest go first. */
  programs: Uint16Array;
  count: number;
  since: UtcMs;
  /** -1: not known yet. */
  kind: number;
  /** The day on which its kind was last looked at. */
  sortedOn: number;
  /** Programs that were new to it on that day. */
  freshToday: number;
}

/** Bytes are at most 1 kB a machine and 100 a program: 10 MB and 6.5 MB; and 4 MB for the kinds. */
const MAX_MACHINES = 10_000;
const MAX_PROGRAMS = 65_000;
const MAX_OF_MACHINE = 512;
/** What a machine can teach in a day: whoever makes names up does not fill the table. */
const MAX_FRESH_A_DAY = 200;
const MAX_KINDS = 16;
/** A machine's kind shows once so many of its programs are known. */
const MIN_TO_SORT = 20;
/** Two machines of a kind share about so much of what they run; below, a kind of its own is begun. */
const ALIKE = 0.3;
/** With fewer machines a kind says nothing: all machines are the peers then. */
const MIN_PEERS = 5;
/** One machine in twenty makes a program one that such machines have. */
const RARE_SHARE = 0.05;

/**
 * Remembers which programs each machine runs, and what kind of machine it is: kinds are learned, once a day, from what
 * the machines run (each joins the kind whose machines run most alike, or begins one). A program is notable where it is
 * new on the machine *and* rare among the machines of its kind. In a machine's first day everything is only learned.
 */
export class Programs {
  readonly #machines = new Map<string, Machine>();
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #free: number[] = [];
  /** By program: how many machines run it. */
  readonly #having = new Uint16Array(MAX_PROGRAMS);
  readonly #kinds: { machines: number; total: number; readonly having: Uint16Array }[] = [];
  /** What was last found out about files; forgotten when full. */
  #known = new Map<string, number>();

  see({ host, image }: ProgramStart, at: UtcMs): NewProgram | null {
    const number = this.#known.get(image) ?? this.#numberOf(image);
    const machine = this.#machineOf(host, at);
    const day = Math.floor(at / DAY_MS);
    if (day > machine.sortedOn) {
      machine.sortedOn = day;
      machine.freshToday = 0;
      this.#sort(machine);
      // The map's order is that of last use, by the day.
      this.#machines.delete(host);
      this.#machines.set(host, machine);
    }
    if (has(machine, number)) return null;
    const kind = this.#kinds[machine.kind];
    const peersOf = kind !== undefined && kind.machines > MIN_PEERS ? kind : null;
    const peers = (peersOf?.machines ?? this.#machines.size) - 1;
    const having = (peersOf?.having ?? this.#having)[number] ?? 0;
    const isUnseen = this.#having[number] === 0;
    if (machine.freshToday++ < MAX_FRESH_A_DAY) this.#learn(machine, number);
    if (at - machine.since < DAY_MS || having > Math.max(1, RARE_SHARE * peers)) return null;
    return { kind: isUnseen ? 'unseen' : 'rare', program: this.#names[number] ?? image, peers, having };
  }

  #numberOf(image: string): number {
    const name = programOf(image);
    let number = this.#numbers.get(name);
    if (number === undefined) {
      if (this.#names.length >= MAX_PROGRAMS && this.#free.length === 0) this.#forgetRare();
      number = this.#free.pop() ?? this.#names.length;
      this.#names[number] = name;
      this.#numbers.set(name, number);
    }
    if (this.#known.size >= MAX_PROGRAMS) this.#known = new Map();
    this.#known.set(image, number);
    return number;
  }

  /** The older half of the programs that at most one machine runs. If there are none, of all. */
  #forgetRare(): void {
    const numbers = [...this.#numbers.values()];
    const rare = numbers.filter((number) => (this.#having[number] ?? 0) <= 1);
    const gone = new Set((rare.length > 0 ? rare : numbers).slice(0, Math.ceil((rare.length || numbers.length) / 2)));
    for (const machine of this.#machines.values()) {
      const kept = machine.programs.subarray(0, machine.count).filter((number) => !gone.has(number));
      for (const number of machine.programs.subarray(0, machine.count))
        if (gone.has(number)) this.#count(machine, number, -1);
      machine.programs.set(kept);
      machine.count = kept.length;
    }
    for (const number of gone) {
      this.#numbers.delete(this.#names[number] ?? '');
      this.#names[number] = '';
      this.#free.push(number);
    }
    this.#known = new Map();
  }

  #machineOf(host: string, at: UtcMs): Machine {
    let machine = this.#machines.get(host);
    if (machine !== undefined) return machine;
    forgetOldest(this.#machines, MAX_MACHINES, (oldest) => {
      this.#leaveKind(oldest);
      for (const number of oldest.programs.subarray(0, oldest.count)) this.#count(oldest, number, -1);
    });
    machine = {
      programs: new Uint16Array(32),
      count: 0,
      since: at,
      kind: -1,
      sortedOn: Math.floor(at / DAY_MS),
      freshToday: 0,
    };
    this.#machines.set(host, machine);
    return machine;
  }

  #learn(machine: Machine, number: number): void {
    if (machine.count === MAX_OF_MACHINE) {
      this.#count(machine, machine.programs[0] ?? 0, -1);
      machine.programs.copyWithin(0, 1);
      machine.count--;
    } else if (machine.count === machine.programs.length) {
      const larger = new Uint16Array(Math.min(MAX_OF_MACHINE, machine.count * 2));
      larger.set(machine.programs);
      machine.programs = larger;
    }
    machine.programs[machine.count++] = number;
    this.#count(machine, number, 1);
  }

  #count(machine: Machine, number: number, by: 1 | -1): void {
    this.#having[number] = (this.#having[number] ?? 0) + by;
    const kind = this.#kinds[machine.kind];
    if (kind === undefined) return;
    kind.having[number] = (kind.having[number] ?? 0) + by;
    kind.total += by;
  }

  /** Puts a machine with those that run most alike. */
  #sort(machine: Machine): void {
    if (machine.count < MIN_TO_SORT) return;
    const programs = machine.programs.subarray(0, machine.count);
    this.#leaveKind(machine);
    let best = -1;
    let bestLikeness = 0;
    for (const [index, { machines, total, having }] of this.#kinds.entries()) {
      if (machines === 0) continue;
      let shared = 0;
      for (const number of programs) shared += having[number] ?? 0;
      // Of what it or the mean machine of the kind runs, how much both do.
      const likeness = shared / machines / (programs.length + (total - shared) / machines);
      if (likeness > bestLikeness) [best, bestLikeness] = [index, likeness];
    }
    if (bestLikeness < ALIKE) {
      const empty = this.#kinds.findIndex(({ machines }) => machines === 0);
      if (empty >= 0) best = empty;
      else if (this.#kinds.length < MAX_KINDS)
        best = this.#kinds.push({ machines: 0, total: 0, having: new Uint16Array(MAX_PROGRAMS) }) - 1;
    }
    const kind = this.#kinds[best];
    if (kind === undefined) return;
    machine.kind = best;
    kind.machines++;
    kind.total += programs.length;
    for (const number of programs) kind.having[number] = (kind.having[number] ?? 0) + 1;
  }

  #leaveKind(machine: Machine): void {
    const kind = this.#kinds[machine.kind];
    machine.kind = -1;
    if (kind === undefined) return;
    kind.machines--;
    kind.total -= machine.count;
    for (const number of machine.programs.subarray(0, machine.count))
      kind.having[number] = (kind.having[number] ?? 1) - 1;
  }

  /** As in `Rhythm`. */
  setBack(to: UtcMs): void {
    for (const machine of this.#machines.values()) {
      machine.since = Math.min(machine.since, to);
      machine.sortedOn = Math.min(machine.sortedOn, Math.floor(to / DAY_MS));
    }
  }

  /** All that was learned, as plain data for `Programs.from`. */
  save(): SavedPrograms {
    return {
      names: this.#names,
      machines: Array.from(this.#machines, ([host, { programs, count, since, kind, sortedOn, freshToday }]) => [
        host,
        [...programs.subarray(0, count)],
        since,
        kind,
        sortedOn,
        freshToday,
      ]),
    };
  }

  static from(saved: SavedPrograms | undefined): Programs {
    const all = new Programs();
    for (const [number, name] of (saved?.names ?? []).entries()) {
      all.#names.push(name);
      if (name === '') all.#free.push(number);
      else all.#numbers.set(name, number);
    }
    for (const [host, numbers, since, kind, sortedOn, freshToday] of saved?.machines ?? []) {
      const machine: Machine = { programs: new Uint16Array(32), count: 0, since, kind, sortedOn, freshToday };
      all.#machines.set(host, machine);
      while (all.#kinds.length <= kind)
        all.#kinds.push({ machines: 0, total: 0, having: new Uint16Array(MAX_PROGRAMS) });
      const own = all.#kinds[kind];
      if (own !== undefined) own.machines++;
      for (const number of numbers) all.#learn(machine, number);
    }
    return all;
  }
}

export interface SavedPrograms {
  readonly names: readonly string[];
  readonly machines: readonly (readonly [
    host: string,
    programs: readonly number[],
    since: UtcMs,
    kind: number,
    sortedOn: number,
    freshToday: number,
  ])[];
}

function has({ programs, count }: Machine, number: number): boolean {
  const found = programs.indexOf(number);
  return found >= 0 && found < count;
}

/**
 * What tells a program from others: its path in small letters, without what differs from one installation, person or
 * version to the next (`c:\users\*\appdata\local\temp\{*}\setup-#.#.exe`).
 */
export function programOf(image: string): string {
  return image
    .toLowerCase()
    .replace(/^\\device\\harddiskvolume\d+\\/, 'c:\\')
    .replace(/^([a-z]:\\users\\|\/home\/)[^\\/]+/, '$1*')
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '*')
    .replace(/(?<![a-z0-9])(?=[a-z]*\d)[0-9a-f]{8,}(?![a-z0-9])/g, '*')
    .replace(/\d+/g, '#');
}

function textAt(event: EventView, field: string): string | null {
  const slot = event.layout.slotOf(field);
  const value = slot < 0 ? undefined : event.valueAt(slot);
  return typeof value === 'string' && value !== '' ? value : null;
}
