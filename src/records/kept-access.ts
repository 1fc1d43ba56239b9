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

/** The accesses in an event: one for each patient that it names, one without if it names none. */
export function keptAccessesOf({ at, receivedAt, host, address, fields }: AccessEvent): KeptAccess[] {
  const text = (name: string) => textOf(fields[name])[0] ?? '';
  const device = text('device');
  const common = {
    at: at ?? receivedAt,
    user: text('user'),
    action: text('action'),
    resource: textOf(fields['resource_type']).join(' '),
    device,
    location: text('location'),
    purpose: text('purpose'),
    breakGlass: text('break_glass') === 'true' ? '1' : '',
    host: withoutType(host ?? device),
    address: text('address') === '' ? (address ?? '') : text('address'),
    session: text('session'),
    sequence: text('sequence'),
    outcome: text('outcome'),
  };
  const patients = textOf(fields['patient']);
  return (patients.length === 0 ? [''] : patients).map((patient) => ({ ...common, patient }));
}

/**
 * Counts a read once that both sides recorded: IHE BALP has the client and the server each write an audit event, with
 * the same X-Request-Id. What one of them leaves out, the other says.
 *
 * **Source:** IHE ITI Basic Audit Log Patterns 1.1.3, 3:5.7.5 (Read) and 3:5.7.4.1.1 (X-Request-Id).
 */
export class RequestJoin {
  readonly #byRequest = new Map<string, number>();
  readonly accesses: KeptAccess[] = [];

  add(event: AccessEvent): void {
    const request = textOf(event.fields['request_id'])[0] ?? '';
    for (const access of keptAccessesOf(event)) {
      const key = `${request}\0${access.patient}`;
      const known = request === '' ? undefined : this.#byRequest.get(key);
      if (known === undefined) {
        if (request !== '') this.#byRequest.set(key, this.accesses.length);
        this.accesses.push(access);
        continue;
      }
      const first = this.accesses[known];
      if (first !== undefined) this.accesses[known] = together(first, access);
    }
  }
}

/** The earlier of two records of one access, filled up from the other. One that failed on either side failed. */
function together(one: KeptAccess, other: KeptAccess): KeptAccess {
  const [first, second] = one.at <= other.at ? [one, other] : [other, one];
  const filled = Object.fromEntries(
    Object.entries(first).map(([name, value]) => [name, value === '' ? second[name as keyof KeptAccess] : value]),
  ) as unknown as KeptAccess;
  return one.outcome === other.outcome ? filled : { ...filled, outcome: worse(one.outcome, other.outcome) };
}

const OUTCOMES = ['', 'success', 'minor', 'serious', 'major'];

function worse(one: string, other: string): string {
  return OUTCOMES.indexOf(one) >= OUTCOMES.indexOf(other) ? one : other;
}

function textOf(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((each) =>
    typeof each === 'string' && each !== '' ? [each] : typeof each === 'number' ? [String(each)] : [],
  );
}

/** `Device/ws-12` is the device ws-12. */
export function withoutType(reference: string): string {
  return /^[A-Z][A-Za-z]+\/(.+)$/.exec(reference)?.[1] ?? reference;
}
