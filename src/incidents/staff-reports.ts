import { createHash } from 'node:crypto';
import type { Transaction } from 'kysely';
import { newId } from '../core/credentials.ts';
import { Refusal } from '../core/refusal.ts';
import { behind, type Cursor } from '../store/page.ts';
import type { Keyring } from '../store/seal.ts';
import type { State } from '../store/state.ts';
import type { StaffReportFileRow, StaffReportMessageRow, StaffReportRow, Tables } from '../store/tables.ts';

/** What a member of staff has said, and what they were answered. */
export interface StaffReport {
  readonly id: string;
  /** Short enough to be read out on the telephone. */
  readonly reference: string;
  readonly reporter: string;
  readonly state: 'open' | 'closed';
  readonly createdAt: number;
  readonly changedAt: number;
  readonly incidentId: string | null;
  readonly addressedTo: Addressee;
  /** The oldest first; the first is the report itself. */
  readonly messages: readonly {
    readonly at: number;
    readonly author: string;
    readonly isReporter: boolean;
    readonly text: string;
  }[];
  /** Something that was sent with it; `null`: nothing. */
  readonly file: { readonly name: string; readonly bytes: number; readonly sha256: string } | null;
}

/** Who reads a report. `it`: all who answer; `privacy`: the privacy officer alone, for it may be about one of the others. */
export type Addressee = 'it' | 'privacy';

export interface Author {
  readonly id: string;
  readonly name: string;
}

export const MAX_FILE = 10 * 1024 * 1024;
const DAY_MS = 86_400_000;
/** Of one person a day: whoever has more to say has a telephone. */
const MAX_A_DAY = 20;
/** Of one report. */
const MAX_MESSAGES = 100;
const MAX_OWN = 100;

/**
 * Reports of staff: the only writer of the tables `staff_reports`, `staff_report_messages` and `staff_report_files`.
 * Words and files are sealed: people name patients, whatever they are asked. A file is evidence, and never opened here.
 */
export class StaffReports {
  readonly #state: State;
  readonly #keys: Keyring;
  readonly #now: () => number;

  constructor(state: State, keys: Keyring, now: () => number) {
    this.#state = state;
    this.#keys = keys;
    this.#now = now;
  }

  /** @throws Refusal `reports/too-many` */
  async add(
    by: Author,
    text: string,
    addressedTo: Addressee = 'it',
  ): Promise<{ readonly id: string; readonly reference: string }> {
    const id = newId('rpt');
    const now = this.#now();
    await this.#state.transaction(async (within) => {
      const { count } = await within
        .selectFrom('staff_reports')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('reporter_id', '=', by.id)
        .where('created_at', '>', now - DAY_MS)
        .executeTakeFirstOrThrow();
      if (count >= MAX_A_DAY) throw new Refusal('reports/too-many', `you have reported ${count} things today`);
      await within
        .insertInto('staff_reports')
        .values({
          id,
          reporter_id: by.id,
          reporter: by.name,
          state: 'open',
          created_at: now,
          changed_at: now,
          incident_id: null,
          addressed_to: addressedTo,
        })
        .execute();
      await this.#say(within, id, by.name, true, text);
    });
    return { id, reference: referenceOf(id) };
  }

  /**
   * Keeps one file with a report of one’s own.
   *
   * @param read the file; called only if it may be kept
   * @throws Refusal `reports/not-found`, `reports/has-file`, `reports/file-too-large`
   */
  async attach(id: string, by: Author, name: string, read: () => Promise<Buffer>): Promise<void> {
    const row = await this.#own(id, by);
    const hasFile = () => new Refusal('reports/has-file', 'a file was sent with it already');
    const before = await this.#state.db
      .selectFrom('staff_report_files')
      .select('report_id')
      .where('report_id', '=', row.id)
      .executeTakeFirst();
    if (before !== undefined) throw hasFile();
    const bytes = await read();
    if (bytes.length > MAX_FILE) throw new Refusal('reports/file-too-large', 'a file has at most 10 MB');
    const inserted = await this.#state.db
      .insertInto('staff_report_files')
      .values({
        report_id: row.id,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        name: this.#keys.seal(Buffer.from(name.slice(0, 200)), nameContext(row.id)),
        sealed: this.#keys.seal(bytes, fileContext(row.id)),
      })
      .onConflict((conflict) => conflict.column('report_id').doNothing())
      .returning('report_id')
      .executeTakeFirst();
    if (inserted === undefined) throw hasFile();
  }

  /** The newest first. */
  async ofReporter(id: string): Promise<readonly StaffReport[]> {
    const rows = await this.#state.db
      .selectFrom('staff_reports')
      .selectAll()
      .where('reporter_id', '=', id)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(MAX_OWN)
      .execute();
    return this.#whole(rows);
  }

  /**
   * The newest first.
   *
   * @param reads what the reader may see
   */
  async page(
    cursor: Cursor | null,
    limit: number,
    reads: readonly Addressee[],
  ): Promise<readonly { item: StaffReport; cursor: Cursor }[]> {
    const rows = await this.#state.db
      .selectFrom('staff_reports')
      .selectAll()
      .where('addressed_to', 'in', reads)
      .where(behind(cursor, 'created_at'))
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    const reports = await this.#whole(rows);
    return reports.map((item) => ({ item, cursor: { at: item.createdAt, id: item.id } }));
  }

  /** More of one’s own. @throws Refusal `reports/not-found`, `reports/closed`, `reports/too-many` */
  async sayMore(id: string, by: Author, text: string): Promise<void> {
    const row = await this.#own(id, by);
    if (row.state === 'closed') throw new Refusal('reports/closed', 'this report is closed');
    await this.#state.transaction((within) => this.#say(within, row.id, by.name, true, text));
  }

  /** How many nobody has closed. */
  async waiting(addressedTo: Addressee): Promise<number> {
    const { count } = await this.#state.db
      .selectFrom('staff_reports')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('addressed_to', '=', addressedTo)
      .where('state', '=', 'open')
      .executeTakeFirstOrThrow();
    return count;
  }

  /** @throws Refusal `reports/not-found`, also of one that the reader may not see */
  async find(id: string, reads: readonly Addressee[]): Promise<StaffReport> {
    const [report] = await this.#whole([await this.#readable(id, reads)]);
    if (report === undefined) throw notFound(id);
    return report;
  }

  /** @throws Refusal `reports/not-found`, `reports/too-many` */
  async answer(id: string, by: Author, text: string, isClosed: boolean, reads: readonly Addressee[]): Promise<void> {
    const row = await this.#readable(id, reads);
    await this.#state.transaction(async (within) => {
      await this.#say(within, row.id, by.name, false, text);
      await within
        .updateTable('staff_reports')
        .set({ state: isClosed ? 'closed' : 'open' })
        .where('id', '=', row.id)
        .execute();
    });
  }

  /** @returns its reference. @throws Refusal `reports/not-found`, also of one that the reader may not see */
  async joinTo(id: string, incident: string, reads: readonly Addressee[]): Promise<string> {
    const row = await this.#readable(id, reads);
    await this.#state.db
      .updateTable('staff_reports')
      .set({ incident_id: incident, changed_at: this.#now() })
      .where('id', '=', row.id)
      .execute();
    return referenceOf(row.id);
  }

  /** What was sent with it, as it came. @throws Refusal `reports/not-found`, `reports/no-file` */
  async file(id: string, reads: readonly Addressee[]): Promise<{ readonly name: string; readonly bytes: Buffer }> {
    await this.#readable(id, reads);
    const row = await this.#state.db
      .selectFrom('staff_report_files')
      .selectAll()
      .where('report_id', '=', id)
      .executeTakeFirst();
    if (row === undefined) throw new Refusal('reports/no-file', 'no file was sent with this report');
    return { name: this.#nameOf(row), bytes: this.#keys.open(row.sealed, fileContext(row.report_id)) };
  }

  async #say(
    within: Transaction<Tables>,
    report: StaffReportRow['id'],
    author: string,
    isReporter: boolean,
    text: string,
  ): Promise<void> {
    const { count } = await within
      .selectFrom('staff_report_messages')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('report_id', '=', report)
      .executeTakeFirstOrThrow();
    if (count >= MAX_MESSAGES) throw new Refusal('reports/too-many', 'much has been said of this already');
    const id = newId('msg');
    const sealed = this.#keys.seal(Buffer.from(text), `staff-report-message/${id}`);
    await within
      .insertInto('staff_report_messages')
      .values({ id, report_id: report, at: this.#now(), author, is_reporter: isReporter ? 1 : 0, sealed })
      .execute();
    await within.updateTable('staff_reports').set({ changed_at: this.#now() }).where('id', '=', report).execute();
  }

  /** What is somebody else’s is not there. */
  async #own(id: string, by: Author): Promise<StaffReportRow> {
    const row = await this.#find(id);
    if (row.reporter_id !== by.id) throw notFound(id);
    return row;
  }

  /** What the reader may not see is not there. */
  async #readable(id: string, reads: readonly Addressee[]): Promise<StaffReportRow> {
    const row = await this.#find(id);
    if (!reads.includes(row.addressed_to)) throw notFound(id);
    return row;
  }

  async #find(id: string): Promise<StaffReportRow> {
    const row = await this.#state.db
      .selectFrom('staff_reports')
      .selectAll()
      .where('id', '=', id as StaffReportRow['id'])
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return row;
  }

  async #whole(rows: readonly StaffReportRow[]): Promise<readonly StaffReport[]> {
    if (rows.length === 0) return [];
    const ids = rows.map(({ id }) => id);
    const messages = await this.#state.db
      .selectFrom('staff_report_messages')
      .selectAll()
      .where('report_id', 'in', ids)
      .orderBy('at')
      .orderBy('id')
      .execute();
    const files = await this.#state.db
      .selectFrom('staff_report_files')
      .select(['report_id', 'bytes', 'sha256', 'name'])
      .where('report_id', 'in', ids)
      .execute();
    return rows.map((row) => ({
      id: row.id,
      reference: referenceOf(row.id),
      reporter: row.reporter,
      state: row.state,
      createdAt: row.created_at,
      changedAt: row.changed_at,
      incidentId: row.incident_id,
      addressedTo: row.addressed_to,
      messages: messages.filter((message) => message.report_id === row.id).map((message) => this.#opened(message)),
      file: this.#fileOf(files.find((file) => file.report_id === row.id)),
    }));
  }

  #opened({ id, at, author, is_reporter: own, sealed }: StaffReportMessageRow): StaffReport['messages'][number] {
    const text = this.#keys.open(sealed, `staff-report-message/${id}`).toString('utf8');
    return { at, author, isReporter: own === 1, text };
  }

  #fileOf(row: Omit<StaffReportFileRow, 'sealed'> | undefined): StaffReport['file'] {
    return row === undefined ? null : { name: this.#nameOf(row), bytes: row.bytes, sha256: row.sha256 };
  }

  #nameOf({ report_id: report, name }: Pick<StaffReportFileRow, 'report_id' | 'name'>): string {
    return this.#keys.open(name, nameContext(report)).toString('utf8');
  }
}

function fileContext(report: string): string {
  return `staff-report-file/${report}`;
}

function nameContext(report: string): string {
  return `staff-report-file-name/${report}`;
}

function notFound(id: string): Refusal {
  return new Refusal('reports/not-found', `there is no report ${id} here`);
}

/** `R-1A2B3C` */
export function referenceOf(id: string): string {
  return `R-${id.replace(/^rpt_/, '').slice(0, 6).toUpperCase()}`;
}
