import { Readable } from 'node:stream';
import { z } from 'zod';
import { PARAMETERS } from '../../core/observation.ts';
import { Refusal } from '../../core/refusal.ts';
import { ROLES } from '../../core/role.ts';
import { MAX_FILE, type StaffReport } from '../../incidents/staff-reports.ts';
import type { ListedPerson } from '../../people/people.ts';
import { type Caller, endpoint, readBy } from '../endpoint.ts';
import { typed } from '../typed.ts';
import { asPage, PAGING, pageOf, readCursor } from '../paging.ts';

const ID = z.string().max(100).describe('of the report');
const TEXT = typed().trim().min(1).max(5000);
const DONE = z.object({ done: z.literal(true) });

const REPORT = z.object({
  id: z.string(),
  reference: z.string(),
  reporter: z.string(),
  state: z.enum(['open', 'closed']),
  addressedTo: z.enum(['it', 'privacy']).describe('privacy: the privacy officer alone reads it'),
  createdAt: z.iso.datetime(),
  changedAt: z.iso.datetime(),
  messages: z.array(z.object({ at: z.iso.datetime(), author: z.string(), isReporter: z.boolean(), text: z.string() })),
  file: z.object({ name: z.string(), bytes: z.int(), sha256: z.string() }).nullable(),
});

const add = endpoint({
  audience: ROLES,
  method: 'POST',
  path: '/api/v1/reports',
  summary:
    'Reports something that seemed odd. Patients are named by no more than what the words say; they are kept sealed.',
  input: z.object({
    report: TEXT,
    addressedTo: z
      .enum(['it', 'privacy'])
      .default('it')
      .describe('privacy: it is about somebody who looks after the computers'),
  }),
  answer: z.object({ id: z.string(), reference: z.string() }),
  isRecorded: true,
  handle: async ({ report, addressedTo }, { staffReports, people, tellOfReport, tellPrivacy }, _signal, caller) => {
    if (addressedTo === 'privacy' && !(await people.list()).some(isPrivacyOfficer))
      throw new Refusal('reports/nobody', 'nobody here has the privacy role, so nobody would read it');
    const made = await staffReports.add(authorOf(caller), report, addressedTo);
    // Whoever is told of incidents may be whom it is about.
    if (addressedTo === 'it') await tellOfReport(made.reference);
    else await tellPrivacy({ kind: 'report', reference: made.reference });
    return made;
  },
});

const attach = endpoint({
  audience: ROLES,
  method: 'POST',
  path: '/api/v1/reports/:id/file',
  summary: 'Sends a file with a report of one’s own, once, at most 10 MB. It is kept sealed, and never opened here.',
  input: z.object({ id: ID, fileName: typed().min(1).max(300) }),
  takesBytes: true,
  answer: DONE,
  isRecorded: true,
  handle: async ({ id, fileName }, { staffReports }, _signal, caller, { bytes }) => {
    await staffReports.attach(id, authorOf(caller), plainName(fileName), () => readAll(bytes));
    return { done: true };
  },
});

const mine = endpoint({
  audience: ROLES,
  method: 'GET',
  path: '/api/v1/reports/mine',
  summary: 'What one has reported oneself, with the answers; the newest first.',
  input: z.object({}),
  answer: z.object({ items: z.array(REPORT) }),
  isRecorded: false,
  handle: async (_input, { staffReports }, _signal, caller) => ({
    items: (await staffReports.ofReporter(authorOf(caller).id)).map(shown),
  }),
});

const more = endpoint({
  audience: ROLES,
  method: 'POST',
  path: '/api/v1/reports/:id/more',
  summary: 'Says more of a report of one’s own.',
  input: z.object({ id: ID, report: TEXT }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id, report }, { staffReports }, _signal, caller) => {
    await staffReports.sayMore(id, authorOf(caller), report);
    return { done: true };
  },
});

const list = endpoint({
  audience: ['admin', 'analyst', 'privacy'],
  method: 'GET',
  path: '/api/v1/reports',
  summary: 'What staff have reported, the newest first.',
  input: PAGING,
  answer: pageOf(REPORT.extend({ incidentId: z.string().nullable() })),
  isRecorded: true,
  handle: async ({ cursor, limit }, { staffReports, pseudonymise }, _signal, caller) => {
    // Staff are told that whoever looks after the computers sees a code in the place of a patient.
    const words = caller?.roles.includes('privacy') === true ? (text: string) => text : pseudonymise;
    return asPage(
      (await staffReports.page(readCursor(cursor), limit + 1, readBy(caller))).map(({ item, cursor: own }) => {
        const { messages, ...rest } = shown(item);
        return {
          item: {
            ...rest,
            messages: messages.map((each) => ({ ...each, text: words(each.text) })),
            incidentId: item.incidentId,
          },
          cursor: own,
        };
      }),
      limit,
    );
  },
});

const answer = endpoint({
  audience: ['admin', 'analyst', 'privacy'],
  method: 'POST',
  path: '/api/v1/reports/:id/answer',
  summary: 'Answers a report, in words that the reporter reads; closes it, or opens it again.',
  input: z.object({ id: ID, report: TEXT, isClosed: z.boolean() }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id, report, isClosed }, { staffReports }, _signal, caller) => {
    await staffReports.answer(id, authorOf(caller), report, isClosed, readBy(caller));
    return { done: true };
  },
});

const join = endpoint({
  audience: ['analyst'],
  method: 'POST',
  path: '/api/v1/reports/:id/incident',
  summary: 'Notes with an incident that a report belongs to it. Its words stay with the report.',
  input: z.object({ id: ID, incident: z.string().max(100) }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id, incident }, { staffReports, incidents, desk }, _signal, caller) => {
    // Of what the privacy officers alone see, neither goes into the other.
    if ((await incidents.find(incident, ['it'])) === null)
      throw new Refusal('incidents/not-found', `there is no incident ${incident}`);
    const reference = await staffReports.joinTo(id, incident, ['it']);
    await desk.comment(incident, `What a colleague reported as ${reference} belongs to this.`, authorOf(caller).name);
    return { done: true };
  },
});

const scan = endpoint({
  audience: ['analyst'],
  method: 'POST',
  path: '/api/v1/reports/:id/scan',
  summary: 'Reads the file of a report as a dropped one is read, in a process of its own.',
  input: z.object({ id: ID }),
  answer: z.object({ id: z.string() }),
  isRecorded: true,
  handle: async ({ id }, { staffReports, scans }, _signal, caller) => {
    const { name, bytes } = await staffReports.file(id, ['it']);
    const { id: scanId } = await scans.add(name, authorOf(caller).name, Readable.from([bytes]));
    return { id: scanId };
  },
});

const waiting = endpoint({
  audience: ['privacy'],
  method: 'GET',
  path: '/api/v1/reports/waiting',
  summary: 'How many reports that are addressed to the privacy officer nobody has closed.',
  input: z.object({}),
  answer: z.object({ count: z.int().min(0) }),
  isRecorded: false,
  handle: async (_input, { staffReports }) => ({ count: await staffReports.waiting('privacy') }),
});

const open = endpoint({
  audience: ['admin', 'analyst', 'privacy'],
  method: 'POST',
  path: '/api/v1/reports/:id/open',
  summary:
    'Makes an incident of a report, in words of one’s own; about a machine or an account with an open incident, it joins that. Of a report that the privacy officers alone read, the incident is for them alone, and joins no other.',
  input: z.object({
    id: ID,
    what: typed().trim().min(1).max(300).describe('what happened, in a sentence; those who work on incidents read it'),
    level: z.enum(['medium', 'high', 'critical']),
    parameter: z.enum(PARAMETERS).describe('what it is a sign of'),
    host: z.string().trim().max(256).default('').describe('the machine, if it is about one'),
    account: z.string().trim().max(256).default('').describe('the account, if it is about one'),
  }),
  answer: z.object({ incident: z.string() }),
  isRecorded: true,
  handle: async ({ id, what, host, account, ...judged }, services, _signal, caller) => {
    const { staffReports, desk, openReported, pseudonymise } = services;
    const report = await staffReports.find(id, readBy(caller));
    if (report.incidentId !== null) throw new Refusal('reports/has-incident', 'it belongs to an incident already');
    const incident = await openReported(
      {
        reportId: report.id,
        reference: report.reference,
        what: pseudonymise(what),
        ...judged,
        entities: { ...(host === '' ? {} : { host }), ...(account === '' ? {} : { account }) },
        at: report.createdAt,
        by: authorOf(caller).name,
      },
      report.addressedTo,
    );
    await staffReports.joinTo(id, incident, readBy(caller));
    await desk.comment(incident, `Opened of what a colleague reported as ${report.reference}.`, authorOf(caller).name);
    return { incident };
  },
});

const file = endpoint({
  audience: ['analyst', 'privacy'],
  method: 'GET',
  path: '/api/v1/reports/:id/file',
  summary: 'The file of a report, as it came: it may be harmful.',
  input: z.object({ id: ID }),
  answer: 'application/octet-stream',
  isRecorded: true,
  handle: async ({ id }, { staffReports }, _signal, caller) => {
    // Of what all who answer can read, the file is for analysts, who know what it may do.
    const reads = readBy(caller).filter((whose) => whose === 'privacy' || caller?.roles.includes('analyst') === true);
    const { bytes } = await staffReports.file(id, reads);
    return { contentType: 'application/octet-stream', pieces: [bytes] };
  },
});

export const staffReports = [add, attach, mine, more, list, answer, waiting, open, join, scan, file];

function isPrivacyOfficer({ state, roles }: ListedPerson): boolean {
  return state === 'active' && roles.includes('privacy');
}

function authorOf(caller: Caller | null): { readonly id: string; readonly name: string } {
  return { id: caller?.id ?? '', name: caller?.name ?? '' };
}

/** As the reporter may see it. */
function shown({
  id,
  reference,
  reporter,
  state,
  addressedTo,
  file: sent,
  createdAt,
  changedAt,
  messages,
}: StaffReport) {
  return {
    id,
    reference,
    reporter,
    state,
    addressedTo,
    file: sent,
    createdAt: new Date(createdAt).toISOString(),
    changedAt: new Date(changedAt).toISOString(),
    messages: messages.map(({ at, ...message }) => ({ ...message, at: new Date(at).toISOString() })),
  };
}

/** Without a path, and without what turns the reading around. */
function plainName(given: string): string {
  const name = (given.split(/[/\\]/).at(-1) ?? '').replaceAll(/[\p{Cc}\p{Cf}]/gu, '').trim();
  return name === '' ? 'file' : name.slice(-200);
}

/** @throws Refusal `reports/file-too-large` */
async function readAll(bytes: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of bytes as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MAX_FILE) throw new Refusal('reports/file-too-large', 'a file has at most 10 MB');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
