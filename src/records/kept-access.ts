import { compareAccounts, withoutType } from './same-name.ts';

/** One access to one patient's record, as an event that the service keeps says it. Texts are `''` where it does not. */
export interface KeptAccess {
  /** UTC ms. */
  readonly at: number;
  readonly user: string;
  /** A pseudonym; `''`: the event names no patient. */
  readonly patient: string;
  readonly action: string;
  readonly resource: string;
  readonly device: string;
  readonly location: string;
  readonly purpose: string;
  readonly breakGlass: string;
  readonly host: string;
  readonly address: string;
  readonly session: string;
  readonly sequence: string;
  readonly outcome: string;
}

/** What is asked of an event: the parts of a kept event that say who opened what. */
export interface AccessEvent {
  readonly at: number | null;
  readonly receivedAt: number;
  readonly host: string | null;
  readonly address: string | null;
  /** With the names that docs/formats.md has for `record_access`. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * The accesses in an event: one for each patient that it names, one without if it names none.
 *
 * @param shared gives the one copy of a text that many events have
 */
export function keptAccessesOf(
  { at, receivedAt, host, address, fields }: AccessEvent,
  shared: (text: string) => string = (text) => text,
): KeptAccess[] {
  const text = (name: string) => shared(textOf(fields[name])[0] ?? '');
  const device = text('device');
  const common = {
    at: at ?? receivedAt,
    user: text('user'),
    action: text('action'),
    resource: shared(textOf(fields['resource_type']).join(' ')),
    device,
    location: text('location'),
    purpose: text('purpose'),
    breakGlass: text('break_glass') === 'true' ? '1' : '',
    host: shared(withoutType(host ?? device)),
    address: text('address') === '' ? shared(address ?? '') : text('address'),
    session: text('session'),
    // No two are the same.
    sequence: textOf(fields['sequence'])[0] ?? '',
    outcome: text('outcome'),
  };
  const patients = textOf(fields['patient']);
  return (patients.length === 0 ? [''] : patients).map((patient) => ({ ...common, patient: shared(patient) }));
}

/** What is known of one request so far. */
interface Request {
  readonly at: number;
  /** Index of its access to each patient. `''`: none of its events has named the patient yet. */
  readonly byPatient: Map<string, number>;
  /** What its events say that name no patient. */
  half: KeptAccess | null;
}

/** Clocks of client and server differ; further apart, a client that gives all its requests one id has asked again. */
const SAME_REQUEST_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

/** The id that the event gives its request; `''`: none. */
export function requestOf({ fields }: Pick<AccessEvent, 'fields'>): string {
  return textOf(fields['request_id'])[0] ?? '';
}

/**
 * Counts a read once that both sides recorded: IHE BALP has the client and the server each write an audit event, with
 * the same X-Request-Id. What one of them leaves out, the other says. Both must have come on one UTC day: what is kept of
 * a day is then the same whatever else is kept, and a pair that midnight parts is counted twice, never lost.
 *
 * **Source:** IHE ITI Basic Audit Log Patterns 1.1.3, 3:5.7.5 (Read) and 3:5.7.4.1.1 (X-Request-Id).
 */
export class RequestJoin {
  readonly #alone: KeptAccess[] = [];
  readonly #requests = new Map<string, KeptAccess[]>();
  // Months of accesses are held at once, of a few thousand people and machines: with one copy of each, less than half the memory.
  readonly #texts = new Map<string, string>();
  readonly #shared = (text: string): string => {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  };

  #held = 0;

  /** How many records of accesses it holds. */
  get held(): number {
    return this.#held;
  }

  /** As `add`. @returns the accesses that are known since this event, and not before: new ones, and those whose patient it names */
  news(event: AccessEvent): readonly KeptAccess[] {
    const id = requestOf(event);
    if (id === '') {
      const own = keptAccessesOf(event, this.#shared);
      for (const access of own) this.#alone.push(access);
      this.#held += own.length;
      return own;
    }
    const key = keyOf(event, id);
    const before = [...joined(this.#requests.get(key) ?? [])];
    this.add(event);
    return joined(this.#requests.get(key) ?? []).filter((access) => {
      const known = before.findIndex((each) => each.patient === access.patient && isOneUser(each, access));
      if (known >= 0) before.splice(known, 1);
      return known < 0;
    });
  }

  add(event: AccessEvent): void {
    const id = requestOf(event);
    const own = keptAccessesOf(event, this.#shared);
    this.#held += own.length;
    if (id === '') {
      for (const access of own) this.#alone.push(access);
      return;
    }
    const key = keyOf(event, id);
    const known = this.#requests.get(key);
    if (known === undefined) this.#requests.set(key, own);
    else known.push(...own);
  }

  /** Those of requests joined; in no order. */
  get accesses(): readonly KeptAccess[] {
    const all = [...this.#alone];
    for (const own of this.#requests.values()) for (const access of joined(own)) all.push(access);
    return all;
  }
}

function keyOf({ receivedAt }: AccessEvent, id: string): string {
  return `${Math.floor(receivedAt / DAY_MS)} ${id}`;
}

/** The accesses that the records of one request id come to, whatever order they came in. */
export function joined(records: readonly KeptAccess[]): readonly KeptAccess[] {
  if (records.length < 2) return records;
  const join = new Join();
  for (const record of [...records].sort(inOneOrder)) join.add(record);
  return join.accesses;
}

function inOneOrder(one: KeptAccess, other: KeptAccess): number {
  if (one.at !== other.at) return one.at - other.at;
  const [a, b] = [textsOf(one), textsOf(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

function textsOf(access: KeptAccess): string {
  const { user, patient, action, resource, device, location, purpose, breakGlass } = access;
  const { host, address, session, sequence, outcome } = access;
  return JSON.stringify([
    [user, patient, action, resource, device, location, purpose, breakGlass],
    [host, address, session, sequence, outcome],
  ]);
}

class Join {
  readonly accesses: KeptAccess[] = [];
  #request: Request | null = null;

  add(access: KeptAccess): void {
    if (this.#request === null || access.at - this.#request.at > SAME_REQUEST_MS)
      this.#request = { at: access.at, byPatient: new Map(), half: null };
    this.#join(this.#request, access);
  }

  #join(request: Request, access: KeptAccess): void {
    const { byPatient, half } = request;
    if (access.patient === '') {
      request.half = half === null ? access : together(half, access);
      const own = [...byPatient.values()].filter((index) => this.#mayBe(index, access));
      for (const index of own) this.#fill(index, access);
      if (own.length === 0) this.#push(request, access);
      return;
    }
    const known = byPatient.get(access.patient);
    const nameless = byPatient.get('');
    if (known !== undefined && this.#mayBe(known, access)) this.#fill(known, access);
    else if (nameless !== undefined && this.#mayBe(nameless, access)) {
      this.#fill(nameless, access);
      byPatient.delete('');
      byPatient.set(access.patient, nameless);
    } else this.#push(request, half !== null && isOneUser(half, access) ? together(half, access) : access);
  }

  /** Two people’s accesses are never made one, whatever id the requests bear. */
  #mayBe(index: number, access: KeptAccess): boolean {
    const known = this.accesses[index];
    return known !== undefined && isOneUser(known, access);
  }

  #push(request: Request, access: KeptAccess): void {
    request.byPatient.set(access.patient, this.accesses.length);
    this.accesses.push(access);
  }

  #fill(index: number, access: KeptAccess): void {
    const known = this.accesses[index];
    if (known !== undefined) this.accesses[index] = together(known, access);
  }
}

function isOneUser(one: KeptAccess, other: KeptAccess): boolean {
  return one.user === '' || other.user === '' || compareAccounts(one.user, other.user) !== null;
}

/**
 * The earlier of two records of one access, filled up from the other. It failed only if whoever says how it went says so
 * on both sides: an answer that the client could not read has left the server all the same.
 */
function together(one: KeptAccess, other: KeptAccess): KeptAccess {
  const [first, second] = one.at <= other.at ? [one, other] : [other, one];
  const filled = Object.fromEntries(
    Object.entries(first).map(([name, value]) => [name, value === '' ? second[name as keyof KeptAccess] : value]),
  ) as unknown as KeptAccess;
  const said = [one.outcome, other.outcome].filter((outcome) => outcome !== '');
  return { ...filled, outcome: said.sort((a, b) => OUTCOMES.indexOf(a) - OUTCOMES.indexOf(b))[0] ?? '' };
}

/** The best first. */
const OUTCOMES = ['success', 'minor', 'serious', 'major'];

function textOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((each) =>
    typeof each === 'string' && each !== '' ? [each] : typeof each === 'number' ? [String(each)] : [],
  );
}
