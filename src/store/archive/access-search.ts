import {
  BIGINT,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import {
  type AccessPart,
  areNear,
  FEW_RUNS,
  FEWEST_ROWS_A_RUN,
  IS_UNREADABLE_NUMBER,
  NUMBER_SCOPES,
  QUARTER_MS,
  ROW_COLUMNS,
  runsOf,
  together,
} from './access-columns.ts';
import { accessIn, type AccessRow, keptRows } from './access-rows.ts';

/** Who did something, and where. Texts are `''` where the log does not say. */
export interface AccessSeat {
  readonly user: string;
  readonly host: string;
  readonly address: string;
  readonly session: string;
  /** UTC ms. */
  readonly at: number;
}

interface Names {
  readonly accounts: readonly string[];
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
}

interface NumberGap {
  readonly kind: 'sequence';
  readonly after: number;
  readonly before: number;
  readonly missing: number;
  readonly from: number;
  readonly to: number;
}

interface Slice {
  readonly seat: number;
  readonly from: number;
  readonly to: number;
  readonly verdict: number;
}

interface Numbering {
  readonly gaps: readonly NumberGap[];
  readonly unnumbered: number;
}

/** One way of counting: how well it fits, and the holes that it shows. */
interface Walk {
  readonly followed: number;
  readonly broken: number;
  readonly runs: number;
  readonly rows: number;
  readonly gaps: readonly NumberGap[];
}

/** A name that stands in the log; `isNamed`: in an access that says whose record it was. */
export interface KeptName {
  readonly name: string;
  readonly isNamed: boolean;
}

export interface AccessGroup {
  readonly verdict: number;
  readonly patient: string;
  readonly outcome: string;
  readonly accesses: number;
  readonly first: number;
  readonly last: number;
  readonly resources: readonly string[];
  readonly actions: readonly string[];
}

type NameKind = 'account' | 'host' | 'address';
type BlankColumn = 'user' | 'host' | 'address';

const DAY_MS = 86_400_000;
/** No time that JavaScript knows lies beyond. */
const LATEST = 8.64e15;
const CHUNK_ROWS = 2048;
/** Longer lists are joined with, not compared one by one: then blocks cannot be passed over any longer. */
const LONG_LIST = 1000;
/** Days that are asked each by itself, in one statement. */
const MOST_DAILY = 64;
const SEAT = 'account, host, address, session';
const COLUMN_OF: Readonly<Record<BlankColumn, string>> = { user: 'account', host: 'host', address: 'address' };

/**
 * Asks what is kept of accesses in columns, step by step: `find`, then `findMore`, then `seatsFound`, then `groups`. What
 * was found stays in a table, so that nothing is read twice and nothing large comes here.
 */
export class AccessSearch {
  readonly quarters: readonly number[];
  readonly given: ReadonlySet<string>;
  readonly unreadable: number;
  readonly #connection: DuckDBConnection;
  readonly #parts: readonly AccessPart[];
  /** Which days hold a name that was asked for. */
  readonly #daysOf = new Map<string, ReadonlySet<number>>();
  #named: Names = { accounts: [], hosts: [], addresses: [] };
  /** Of everything in the window for which one of these holds, it was found. */
  #before: Condition[] = [];
  /** Accounts of which everything in the window was found. */
  #known = new Set<string>();
  #window: readonly [from: number, to: number] = [0, 0];
  #lists = 0;

  private constructor(connection: DuckDBConnection, parts: readonly AccessPart[]) {
    this.#connection = connection;
    this.#parts = parts;
    this.quarters = parts.flatMap((part) => eachOf(part.quarters));
    this.given = new Set(parts.flatMap(({ given }) => given));
    this.unreadable = parts.reduce((sum, { unreadable }) => sum + unreadable, 0);
  }

  /** @param connection to a database that nobody else asks: it gets tables of its own */
  static async make(connection: DuckDBConnection, parts: readonly AccessPart[]): Promise<AccessSearch> {
    const columns = ROW_COLUMNS.split(', ').map(
      (name) => `${name} ${name === 't' || name === 'number' ? 'bigint' : 'varchar'}`,
    );
    await connection.run(`create or replace table found (${columns.join(', ')})`);
    return new AccessSearch(connection, parts);
  }

  async names(kind: NameKind, keys: readonly string[]): Promise<readonly KeptName[]> {
    if (this.#parts.length === 0) return [];
    const asked = new Asked();
    const rows = await this.#ask(
      asked,
      `select name, bool_or(is_named), list(part) from ${together(this.#parts, 'names')}
      where kind = '${kind}' and ${await this.#isAmong(asked, 'key', keys)} group by name`,
    );
    return rows.map(([name, isNamed, days]) => {
      this.#daysOf.set(`${kind} ${name as string}`, new Set(days as number[]));
      return { name: name as string, isNamed: isNamed === true };
    });
  }

  async find(named: Names, from: number, to: number): Promise<readonly AccessSeat[]> {
    [this.#named, this.#window] = [named, [from, to]];
    this.#known = new Set(named.accounts);
    this.#before = kindsOf(named).map(
      ([kind, names]) =>
        (asked) =>
          this.#isAmong(asked, kind, names),
    );
    for (const [index, [kind, names]] of kindsOf(named).entries()) {
      const parts = this.#partsIn(from, to).filter(({ day }) =>
        names.some((name) => this.#daysOf.get(`${kind} ${name}`)?.has(day)),
      );
      const asked = new Asked();
      const where = [await this.#isAmong(asked, kind, names)];
      for (const [other, others] of kindsOf(named).slice(0, index))
        where.push(`not (${await this.#isAmong(asked, other, others)})`);
      await this.#keep(asked, parts, where, await this.#whereAre(kind, names));
    }
    return this.#firstSeats(new Asked(), `select * from found where patient <> ''`);
  }

  /** Hands on every access of a time, in no order; those that were sent again on another day come twice. */
  async each(from: number, to: number, onAccess: (access: AccessRow) => void): Promise<void> {
    const parts = this.#partsIn(from, to);
    if (parts.length === 0) return;
    const rows = await this.#connection.stream(`${keptRows(together(parts, 'rows'))} where ${between(from, to)}`);
    for (;;) {
      const chunk = await rows.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return;
      const columns = chunk.getColumns();
      for (let row = 0; row < chunk.rowCount; row++) onAccess(accessIn(columns, row));
    }
  }

  async sessionsAcross(at: number, to: number): Promise<readonly string[]> {
    const day = Math.floor(at / DAY_MS);
    const [before, after] = [[(day - 1) * DAY_MS, at] as const, [at, Math.min(to, (day + 2) * DAY_MS)] as const];
    if (this.#partsIn(...before).length === 0 || this.#partsIn(...after).length === 0) return [];
    const sessions = (from: number, until: number) =>
      `select session from ${this.#rows(this.#partsIn(from, until), from, until)} where session <> ''`;
    const around = this.#partsIn((day - 2) * DAY_MS, (day + 2) * DAY_MS);
    if (around.some(({ isLoose }) => isLoose)) {
      const rows = await this.#ask(
        new Asked(),
        `select distinct session from (${sessions(...before)}) semi join (${sessions(...after)}) using (session)`,
      );
      return rows.map(([session]) => session as string);
    }
    // One that began earlier than the day before went on over a midnight, and is noted as such.
    const asked = new Asked();
    const atPlace: string[] = [];
    for (const [kind, names] of kindsOf({ ...this.#named, accounts: [] }))
      atPlace.push(await this.#isAmong(asked, kind, names));
    const rows = await this.#ask(
      asked,
      `select distinct session from (
        select session from (${sessions(...before).replace('select session', 'select *')}) where ${atPlace.join(' or ')}
        union all select name from ${together(around, 'names')} where kind = 'long')`,
    );
    return rows.map(([session]) => session as string);
  }

  async seatsIn(
    sessions: readonly string[],
    accounts: readonly string[] | null,
    from: number,
    to: number,
  ): Promise<readonly AccessSeat[]> {
    const parts = this.#partsIn(from, to);
    if (sessions.length === 0 || parts.length === 0) return [];
    const asked = new Asked();
    const isOfThese = await this.#isAmong(asked, 'session', sessions);
    const from_ = (some: readonly AccessPart[], where: string) =>
      some.length === 0 ? [] : [`select * from ${this.#rows(some, from, to)} where ${where}`];
    if (accounts === null) return this.#firstSeats(asked, ...from_(parts, isOfThese));
    // Nearly all of them are reached by these sessions: then everything they did will be asked for.
    await this.#findAll(accounts);
    const shared = await this.#sharedOf(sessions, parts);
    const loose = this.#parts.filter(({ isLoose }) => isLoose);
    return this.#firstSeats(
      asked,
      `select * from found where patient <> '' and ${isOfThese}`,
      ...(shared.length === 0 ? [] : from_(parts, await this.#isAmong(asked, 'session', shared))),
      // Whether a session is shared with what is not in columns yet, nobody has noted.
      ...from_(
        parts.filter((part) => loose.some((each) => areNear(part, each))),
        isOfThese,
      ),
    );
  }

  async findMore(
    accounts: readonly string[],
    sessions: readonly string[],
    blank: readonly BlankColumn[],
  ): Promise<void> {
    await this.#findAll(accounts);
    if (sessions.length > 0 && !blank.includes('user'))
      await this.#findOthers(
        async (asked) => `account = '' and ${await this.#isAmong(asked, 'session', sessions)}`,
        'blank-user',
      );
    for (const column of blank)
      await this.#findOthers(() => Promise.resolve(`${COLUMN_OF[column]} = ''`), `blank-${column}`);
    await this.#dropTwins();
  }

  async seatsFound(): Promise<readonly (AccessSeat & { readonly id: number; readonly last: number })[]> {
    await this.#connection.run(
      `create or replace table seats as select (row_number() over ())::integer as id, ${SEAT}, t // ${DAY_MS} as day, min(t) as first,
        max(t) as last from found where patient <> '' group by ${SEAT}, day`,
    );
    const rows = await this.#ask(new Asked(), `select id, ${SEAT}, first, last from seats`);
    return rows.map(([id, user, host, address, session, at, last]) => ({
      ...seatOf([user, host, address, session, at]),
      id: id as number,
      last: Number(last),
    }));
  }

  async groups(slices: readonly Slice[]): Promise<readonly AccessGroup[]> {
    await this.#connection.run(
      'create or replace table slices (seat integer, begins bigint, ends bigint, verdict integer)',
    );
    await this.#append('slices', [
      [INTEGER, slices.map(({ seat }) => seat)],
      [BIGINT, slices.map(({ from }) => BigInt(from))],
      [BIGINT, slices.map(({ to }) => BigInt(to))],
      [INTEGER, slices.map(({ verdict }) => verdict)],
    ]);
    const rows = await this.#ask(
      new Asked(),
      `select verdict, patient, outcome, count(*), min(t), max(t), list(distinct resource), list(distinct action)
      from (select *, t // ${DAY_MS} as day from found where patient <> '') as found
        join (select ${SEAT}, day, begins, ends, verdict from seats join slices on seat = id) as sliced using (${SEAT}, day)
      where t >= begins and t < ends group by verdict, patient, outcome`,
    );
    return rows.map(([verdict, patient, outcome, accesses, first, last, resources, actions]) => ({
      verdict: verdict as number,
      patient: patient as string,
      outcome: outcome as string,
      accesses: Number(accesses),
      first: Number(first),
      last: Number(last),
      resources: resources as string[],
      actions: actions as string[],
    }));
  }

  async unnamed(): Promise<readonly { readonly outcome: string; readonly accesses: number }[]> {
    const rows = await this.#ask(
      new Asked(),
      `select outcome, count(*) from found where patient = '' group by outcome`,
    );
    return rows.map(([outcome, count]) => ({ outcome: outcome as string, accesses: Number(count) }));
  }

  /** Holes in the log’s numbers around the window, by the rules of records/sequence.ts. */
  async numbering(from: number, to: number): Promise<Numbering> {
    const numbered = this.#parts.filter(({ numbers }) => numbers !== null);
    if (numbered.length === 0) return { gaps: [], unnumbered: 0 };
    const kept = await this.#ask(
      new Asked(),
      `select scope, count(distinct part) from ${together(numbered, 'numbers')} group by scope`,
    );
    const partsWith = new Map(kept.map(([scope, count]) => [scope as string, Number(count)]));
    let best: Walk | null = null;
    for (const [scope, key] of NUMBER_SCOPES) {
      const count = partsWith.get(scope) ?? 0;
      if (count === 0 && scope !== 'log') continue;
      const runs = `(select * from ${together(numbered, 'numbers')} where scope = '${scope}')`;
      const walk =
        (count === numbered.length ? await this.#walk(runs, from, to) : null) ??
        // Days that tell of the same numbers: counted row by row. That may take long.
        (await this.#walk(`(${runsOf(this.#numberedRows(numbered), scope, key)})`, from, to));
      if (walk === null) continue;
      if (scope !== 'log' && walk.runs * FEWEST_ROWS_A_RUN > Math.max(FEW_RUNS, walk.rows)) continue;
      const isBetter =
        best === null ||
        walk.followed > best.followed ||
        (walk.followed === best.followed && walk.broken < best.broken);
      if (isBetter) best = walk;
      if (best?.broken === 0) break;
    }
    return { gaps: best?.gaps ?? [], unnumbered: best === null ? 0 : await this.#unnumbered(from, to) };
  }

  /** `null`: runs lie within each other, so that they do not say what follows what. */
  async #walk(runs: string, from: number, to: number): Promise<Walk | null> {
    const ordered = `select *, first - lag(last) over w as step, lag(last) over w as after, lag(t_last) over w as before,
        max(last) over (partition by key order by first, last rows between unbounded preceding and 1 preceding) as reached
      from ${runs} window w as (partition by key order by first, last)`;
    const totals = await this.#ask(
      new Asked(),
      `select count(*) filter (first <= reached), sum(followed) + count(*) filter (step = 1),
        sum(broken) + count(*) filter (t_first < before), count(*) filter (step is null or step > 1), sum(rows)
      from (${ordered})`,
    );
    const [overlaps, followed, broken, count, rows] = (totals[0] ?? []).map(Number);
    if (overlaps !== 0) return null;
    const gaps = await this.#ask(
      new Asked(),
      `select after, first, least(before, t_first), greatest(before, t_first) from (${ordered})
      where step > 1 and least(before, t_first) < ${to} and greatest(before, t_first) >= ${from}`,
    );
    return {
      followed: followed ?? 0,
      broken: broken ?? 0,
      runs: count ?? 0,
      rows: rows ?? 0,
      gaps: gaps
        .map((gap) => gap.map(Number))
        .map(([after = 0, before = 0, first = 0, last = 0]) => ({
          kind: 'sequence' as const,
          after,
          before,
          missing: before - after - 1,
          from: first,
          to: last,
        }))
        .sort((a, b) => a.from - b.from || a.after - b.after || a.to - b.to || a.before - b.before),
    };
  }

  #numberedRows(parts: readonly AccessPart[]): string {
    return `(select distinct ${ROW_COLUMNS} from ${together(parts, 'rows')} where patient <> '' and number is not null)`;
  }

  async #unnumbered(from: number, to: number): Promise<number> {
    const parts = this.#partsIn(from, to).filter(({ given }) => given.includes('unreadable-number'));
    if (parts.length === 0) return 0;
    const rows = await this.#ask(
      new Asked(),
      `select count(*) from (select distinct ${ROW_COLUMNS} from ${this.#rows(parts, from, to)} where ${IS_UNREADABLE_NUMBER})`,
    );
    return Number(rows[0]?.[0]);
  }

  async #findAll(accounts: readonly string[]): Promise<void> {
    const others = accounts.filter((account) => account !== '' && !this.#known.has(account));
    if (others.length === 0) return;
    const seating = await this.#whereAre('account', others);
    await this.#findOthers((asked) => this.#isAmong(asked, 'account', others), null, seating);
    for (const account of others) this.#known.add(account);
  }

  /** Of the window, what was not found yet. @param given only days that have it are asked; `null`: all */
  async #findOthers(want: Condition, given: string | null, seating: Seating | null = null): Promise<void> {
    const asked = new Asked();
    const where = [`patient <> ''`, await want(asked)];
    for (const each of this.#before) where.push(`not (${await each(asked)})`);
    const parts = this.#partsIn(...this.#window).filter((part) => given === null || part.given.includes(given));
    await this.#keep(asked, parts, where, seating);
    this.#before.push(want);
  }

  /** Whose rows are asked for on each day of the window, and at which machines these lie. @param kind what the names are of */
  async #whereAre(kind: NameKind, names: readonly string[]): Promise<Seating> {
    const parts = this.#partsIn(...this.#window);
    if (parts.length === 0 || names.length === 0) return new Map();
    const asked = new Asked();
    const all = together(parts, 'names');
    const rows = await this.#ask(
      asked,
      kind === 'account'
        ? `select part, key, name from ${all} where kind = 'usual' and ${await this.#isAmong(asked, 'key', names)}`
        : `select part, account, usual.name from (
            select part, name as account from ${all} where kind = 'user-of-${kind}' and ${await this.#isAmong(asked, 'key', names)})
          join (select part, key as account, name from ${all} where kind = 'usual') as usual using (part, account)`,
    );
    return Map.groupBy(rows, ([part]) => part as number);
  }

  /** Reads into the table what is found. @param seating of the rows that are wanted; `null`: they may lie anywhere */
  async #keep(
    asked: Asked,
    parts: readonly AccessPart[],
    where: readonly string[],
    seating: Seating | null,
  ): Promise<void> {
    const wanted = seating === null ? parts : parts.filter(({ day }) => seating.has(day));
    if (wanted.length === 0) return;
    const all = `${between(...this.#window)} and ${where.join(' and ')}`;
    const from = async (some: readonly AccessPart[]) => {
      const places = seating === null ? [] : some.flatMap(({ day }) => seating.get(day) ?? []);
      return `select ${ROW_COLUMNS} from ${together(some, 'rows')} where ${all}${await this.#liesAt(asked, places)}`;
    };
    // Day by day blocks are passed over that hold other people’s rows; a thousand statements in one take longer than that saves.
    const isDaily = seating !== null && wanted.length <= MOST_DAILY;
    const selects: string[] = [];
    for (const some of isDaily ? wanted.map((part) => [part]) : [wanted]) selects.push(await from(some));
    await this.#ask(asked, `insert into found ${selects.join(' union all ')}`);
  }

  async #liesAt(asked: Asked, places: readonly (readonly JS[])[]): Promise<string> {
    const [accounts, usual] = [1, 2].map((column) => [...new Set(places.map((place) => place[column] as string))]);
    if (places.length === 0 || accounts === undefined || usual === undefined || accounts.length > LONG_LIST) return '';
    return ` and ${await this.#isAmong(asked, 'usual', usual)} and ${await this.#isAmong(asked, 'account', accounts)}`;
  }

  /** Those of accesses that were sent again on another day. Each day has none within itself. */
  async #dropTwins(): Promise<void> {
    const seen = new Set<number>();
    const twice = new Set<number>();
    for (const part of this.#partsIn(...this.#window))
      for (const quarter of eachOf(part.quarters)) (seen.has(quarter) ? twice : seen).add(quarter);
    if (twice.size === 0) return;
    await this.#connection.run('create or replace table quarters (quarter bigint)');
    await this.#append('quarters', [[BIGINT, [...twice].map(BigInt)]]);
    const where = `patient <> '' and t // ${QUARTER_MS} in (select quarter from quarters)`;
    await this.#connection.run(`create or replace table twins as select distinct * from found where ${where}`);
    await this.#connection.run(`delete from found where ${where}`);
    await this.#connection.run('insert into found select * from twins');
    await this.#connection.run('drop table twins');
  }

  /** Of these sessions, those that more than one account used. */
  async #sharedOf(sessions: readonly string[], parts: readonly AccessPart[]): Promise<readonly string[]> {
    if (parts.length === 0) return [];
    const asked = new Asked();
    // Whoever came later of two days that lie next to each other knows.
    const near = this.#parts.filter((part) => parts.some((each) => each.day === part.day || areNear(part, each)));
    const rows = await this.#ask(
      asked,
      `select distinct name from ${together(near, 'names')} where kind = 'shared' and ${await this.#isAmong(asked, 'key', sessions)}`,
    );
    return rows.map(([name]) => name as string);
  }

  async #firstSeats(asked: Asked, ...rows: readonly string[]): Promise<readonly AccessSeat[]> {
    if (rows.length === 0) return [];
    const all = rows.map((each) => `select ${SEAT}, t from (${each})`).join(' union all ');
    const seats = await this.#ask(asked, `select ${SEAT}, min(t) from (${all}) group by ${SEAT}, t // ${DAY_MS}`);
    return seats.map(seatOf);
  }

  #partsIn(from: number, to: number): AccessPart[] {
    const [first, last] = [Math.floor(from / QUARTER_MS), Math.ceil(to / QUARTER_MS)];
    return this.#parts.filter((part) =>
      [...part.quarters, ...part.unnamedQuarters].some(([begin, end]) => end >= first && begin < last),
    );
  }

  /** Rows that name a patient. */
  #rows(parts: readonly AccessPart[], from: number, to: number): string {
    return `(select * from ${together(parts, 'rows')} where ${between(from, to)} and patient <> '')`;
  }

  async #isAmong(asked: Asked, column: string, names: readonly string[]): Promise<string> {
    if (names.length === 0) return 'false';
    if (names.length === 1) return `${column} = ${asked.take(names[0] ?? '')}`;
    if (names.length <= LONG_LIST) return `${column} in (${names.map((name) => asked.take(name)).join(', ')})`;
    const list = `list_${++this.#lists}`;
    await this.#connection.run(`create or replace table ${list} (name varchar)`);
    await this.#append(list, [[VARCHAR, names]]);
    return `${column} in (select name from ${list})`;
  }

  async #append(table: string, columns: readonly (readonly [DuckDBType, readonly DuckDBValue[]])[]): Promise<void> {
    const appender = await this.#connection.createAppender(table);
    const types = columns.map(([type]) => type);
    const count = columns[0]?.[1].length ?? 0;
    for (let from = 0; from < count; from += CHUNK_ROWS) {
      const values = columns.map(([, column]) => column.slice(from, from + CHUNK_ROWS));
      const chunk = DuckDBDataChunk.create(types, values[0]?.length ?? 0);
      chunk.setColumns(values);
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
  }

  async #ask(asked: Asked, sql: string): Promise<JS[][]> {
    return (await this.#connection.runAndReadAll(sql, [...asked.values])).getRowsJS();
  }
}

type JS = ReturnType<Awaited<ReturnType<DuckDBConnection['runAndReadAll']>>['getRowsJS']>[number][number] | undefined;

type Condition = (asked: Asked) => Promise<string>;

/** By day: rows of the day, an account, and its usual machine. */
type Seating = ReadonlyMap<number, readonly (readonly JS[])[]>;

/** What the parameters of a statement are bound to. Nothing that anybody typed, or that a log says, is in its text. */
class Asked {
  readonly values: string[] = [];

  take(value: string): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

function kindsOf({ accounts, hosts, addresses }: Names): (readonly [NameKind, readonly string[]])[] {
  const all = [['account', accounts] as const, ['host', hosts] as const, ['address', addresses] as const];
  return all.filter(([, names]) => names.length > 0);
}

function between(from: number, to: number): string {
  const [first, last] = [from, to].map((at) => Math.min(LATEST, Math.max(-LATEST, Math.ceil(at))));
  return `t >= ${first} and t < ${last}`;
}

function eachOf(runs: readonly (readonly [first: number, last: number])[]): number[] {
  return runs.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index));
}

function seatOf([user, host, address, session, at]: readonly JS[]): AccessSeat {
  return {
    user: user as string,
    host: host as string,
    address: address as string,
    session: session as string,
    at: Number(at),
  };
}
