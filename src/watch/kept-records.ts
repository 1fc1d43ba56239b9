import { existsSync } from 'node:fs';
import { CARE_EVENT } from '../core/care.ts';
import { Refusal } from '../core/refusal.ts';
import { Pseudonymiser } from '../intake/identifiers/pseudonyms.ts';
import { KeptReader } from '../records/accesses.ts';
import { type Hospital, readHospital } from '../records/hospital.ts';
import { CareBook, type LiveCare } from '../records/live-care.ts';
import { type LookBook, LookWriter } from '../records/model/looks.ts';
import type { PseudonymKey } from '../records/pseudonym.ts';
import type { ScopeAnswer, ScopeGap, ScopeQuestion } from '../records/scope-answer.ts';
import { judgeColumns } from '../records/scope-columns.ts';
import { addReport, newReport } from '../records/table.ts';
import { Zone } from '../records/zone.ts';
import { askKeptAccesses, type KeptAccessNews } from '../store/archive/kept-accesses.ts';
import { type KeptEvents, readKeptEvents } from '../store/archive/kept-events.ts';
import type { Position } from '../store/journal.ts';
import type { State } from '../store/state.ts';
import { openKeyringInUse } from '../store/seal.ts';
import { placesIn } from '../store/places.ts';
import { pseudonymMac } from './given-pseudonyms.ts';
import { ACCESS_READER } from './access-reader.ts';
import { setAsideCounts } from './set-aside-store.ts';

/** True for the data folder of a service; a folder of CSV files has no archive. */
export function isDataFolder(folder: string): boolean {
  return existsSync(placesIn(folder).archive);
}

/** What judging needs of what a service keeps. */
export interface KeptLooks {
  readonly hospital: Hospital;
  readonly book: LookBook;
  readonly care: LiveCare;
  readonly gaps: readonly ScopeGap[];
  /** Up to where in the journal accesses were read, and notes of care. */
  readonly accessesTo: Position;
  readonly careTo: Position;
}

/**
 * Reads the record accesses that a service keeps as looks, of a time (UTC ms; the last instant no longer counts), and what is
 * known beside them. Nothing of the single accesses stays in memory.
 *
 * @throws Refusal `store/not-found`; `store/busy`; `records/nhs-number`
 */
export async function readKeptLooks(
  data: string,
  options: {
    readonly relationships: string | null;
    readonly timeZone: string;
    readonly pseudonymKey: PseudonymKey | null;
    readonly from: number;
    readonly to: number;
  },
): Promise<KeptLooks> {
  const { relationships, timeZone, pseudonymKey, from, to } = options;
  const { care, to: careTo } = await readKeptCare(data, from);
  const report = newReport();
  const hospital = readHospital(relationships, new Zone(timeZone), report, pseudonymKey, care);
  const { answer, ...kept } = await askKeptAccesses(data, ACCESS_READER, async (search) => {
    // Its own, for what was read and is then read again must not be reported twice.
    const own = newReport();
    const writer = new LookWriter(hospital);
    const reader = new KeptReader({ ...hospital, report: own }, (access) => writer.add(access));
    await search.each(from, to, (access) => reader.add(access));
    for (let i = 0; i < search.unreadable; i++) reader.unbelieved();
    reader.end();
    return { book: writer.book(), own };
  });
  addReport(report, answer.own);
  return { hospital, book: answer.book, care, gaps: lossGaps(kept, from, to), accessesTo: kept.to, careTo };
}

/** A stay of so long ago may go on: what was told of it is read. Longer ones are told of again in between. */
const CARE_MS = 400 * 86_400_000;

/** What was told of patients' care, as it stands now; from messages that came later than a while before `from`. */
async function readKeptCare(data: string, from: number): Promise<{ readonly care: LiveCare; readonly to: Position }> {
  let book = new CareBook();
  const { to } = await readKeptEvents(
    data,
    CARE_EVENT,
    () => {
      book = new CareBook();
    },
    (event) => book.add(event),
    from - CARE_MS,
  );
  return { care: book.close(), to };
}

/** What is kept no longer, or cannot be read, of a time. */
export function lossGaps(
  { deleted, losses }: Pick<KeptEvents, 'deleted' | 'losses'>,
  from: number,
  to: number,
): ScopeGap[] {
  const gaps: ScopeGap[] = deleted
    .filter(({ kind, timeFrom, timeTo }) => kind === 'clinical' && timeFrom < to && timeTo >= from)
    .map(({ timeFrom, timeTo }) => ({
      kind: 'deleted',
      from: new Date(timeFrom).toISOString(),
      to: new Date(timeTo).toISOString(),
    }));
  for (const what of losses) gaps.push({ kind: 'damaged', what });
  return gaps;
}

/**
 * Whose records were touched, of all that a service keeps, running or not.
 *
 * @param gaps what else is known to be missing: what was set aside
 * @throws Refusal `store/not-found`; `store/busy` if the service seals faster than we read
 */
export async function scopeOfKept(
  data: string,
  question: ScopeQuestion,
  { zone, gaps }: { readonly zone: string; readonly gaps: readonly ScopeGap[] },
): Promise<ScopeAnswer & Pick<KeptAccessNews, 'days'>> {
  const { answer, days, ...kept } = await askKeptAccesses(data, ACCESS_READER, (columns) =>
    judgeColumns(columns, question, zone),
  );
  const scope = answer([...lossGaps(kept, question.from, question.to), ...gaps]);
  // Relationships do not matter to who touched what, so that none are given is not worth a word.
  return { ...scope, report: { ...scope.report, missing: [] }, days };
}

/** What sources sent in the window that could not be read. */
export async function setAsideGaps(state: State, from: number, to: number): Promise<ScopeGap[]> {
  return (await setAsideCounts(state, from, to)).map((gap) => ({ kind: 'set-aside', ...gap }));
}

/** An incident as a question about records. */
export interface IncidentQuestion {
  readonly question: ScopeQuestion;
  /** Of its first finding, UTC ms. */
  readonly firstAt: number;
}

const DAY_MS = 86_400_000;

/**
 * What an incident is about, as a question. From a day before its first finding: what is found first is seldom what was done
 * first. Of an open one until now, of a closed one until a day after its last finding: what nobody found is done between.
 *
 * @throws Refusal `scope/no-incident`
 */
export async function questionOf(state: State, incident: string, now: number): Promise<IncidentQuestion> {
  const found = await questionOrNull(state, incident, now);
  if (found === null)
    throw new Refusal(
      'scope/no-incident',
      `there is no incident ${incident} that names an account, a host or an address`,
    );
  return found;
}

/** As `questionOf`; `null`: the incident names nothing to ask for. */
export async function questionOrNull(state: State, incident: string, now: number): Promise<IncidentQuestion | null> {
  const links = await state.db
    .selectFrom('incident_links')
    .select(['kind', 'value'])
    .where('incident_id', '=', incident as `inc_${string}`)
    .execute();
  const { firstAt, lastAt } = await state.db
    .selectFrom('findings')
    .select(({ fn }) => [fn.min('at').as('firstAt'), fn.max('at').as('lastAt')])
    .where('incident_id', '=', incident)
    .executeTakeFirstOrThrow();
  if (links.length === 0 || firstAt === null || lastAt === null) return null;
  const row = await state.db
    .selectFrom('incidents')
    .select('state')
    .where('id', '=', incident as `inc_${string}`)
    .executeTakeFirst();
  const isOver = row?.state === 'closed' || row?.state === 'merged';
  const of = (kind: string) => links.filter((link) => link.kind === kind).map(({ value }) => value);
  const question = {
    accounts: of('account'),
    hosts: of('host'),
    addresses: of('address'),
    from: firstAt - DAY_MS,
    // A machine's clock may be ahead of ours.
    to: Math.max(lastAt + 1, isOver ? Math.min(now, lastAt + DAY_MS) : now),
  };
  return { question, firstAt };
}

/**
 * What the running service puts in the place of a patient's number.
 *
 * @throws Refusal `store/not-found`; `keys/missing` for a folder that is not the service's; if the keys cannot be read
 */
export async function servicePseudonyms(keysFolder: string, data: string): Promise<PseudonymKey> {
  if (!isDataFolder(data)) throw new Refusal('store/not-found', `${data} holds no archive`);
  const keyring = await openKeyringInUse(keysFolder, 'pseudonym', data);
  const pseudonymiser = new Pseudonymiser(pseudonymMac(keyring, placesIn(data).given));
  return (text, of = 'patient') => (of === 'patient' ? pseudonymiser.of(text) : pseudonymiser.keyed(of, text));
}
