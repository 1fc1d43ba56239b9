import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import type { DeskClock } from '../../incidents/desk.ts';
import type { Addressee } from '../../incidents/staff-reports.ts';
import type { Incident } from '../../incidents/store.ts';
import { type Draft, draftsOf, DUTIES } from '../../packs/drafts.ts';
import { factsOf, scopeFactsOf } from '../../packs/facts.ts';
import { gapText } from '../../records/scope-story.ts';
import { type ApiServices, type Caller, endpoint, readBy } from '../endpoint.ts';
import { typed } from '../typed.ts';
import { asPage, PAGING, pageOf, readCursor } from '../paging.ts';

const INCIDENT = z.string().max(100).describe('of the incident');
const NAME = z.string().max(60).describe('of the draft');
const DONE = z.object({ done: z.literal(true) });
const GRID = z.coerce.number().int().min(1).max(5).optional().describe('of the DSPT grid');
const SECTIONS = z.array(z.object({ heading: typed().max(300), lines: z.array(typed().max(5000)).max(200) })).max(40);

const DUTY = z.object({ title: z.string(), state: z.string(), dueAt: z.iso.datetime() });
const TO_TELL = z.object({
  id: z.string(),
  title: z.string(),
  openedAt: z.iso.datetime(),
  isClosed: z.boolean(),
  duties: z.array(DUTY).describe('deadlines that run, the next first'),
  edits: z
    .array(z.object({ title: z.string(), at: z.iso.datetime(), by: z.string() }))
    .describe('drafts that somebody has edited, the last first'),
});
type ToTell = z.infer<typeof TO_TELL>;

const choose = endpoint({
  audience: ['analyst', 'privacy'],
  method: 'GET',
  path: '/api/v1/drafts',
  summary:
    'The incidents of which something may have to be told, the newest first; on the first page besides, those of which a deadline runs or a draft is begun.',
  input: PAGING,
  answer: pageOf(TO_TELL).extend({
    pressing: z.array(TO_TELL).describe('the next deadline first, then the draft that was changed last'),
  }),
  isRecorded: false,
  handle: async ({ cursor, limit }, services, _signal, caller) => {
    const after = readCursor(cursor);
    const reads = readBy(caller);
    const rows = await services.incidents.page(after, limit + 1, reads);
    const items = rows.map(async ({ incident, cursor: own }) => ({
      item: await toTell(incident, services),
      cursor: own,
    }));
    return {
      ...asPage(await Promise.all(items), limit),
      pressing: after === null ? await pressing(services, reads) : [],
    };
  },
});

/** More deadlines than these nobody meets. */
const MAX_PRESSING = 50;

async function pressing(services: ApiServices, reads: readonly Addressee[]): Promise<readonly ToTell[]> {
  const ids = [...(await services.desk.due(MAX_PRESSING)), ...(await services.drafts.begun(MAX_PRESSING))];
  const found = await Promise.all(
    [...new Set(ids)].slice(0, MAX_PRESSING).map((id) => services.incidents.find(id, reads)),
  );
  // One that became part of another is told of there.
  const open = found.flatMap((incident) => (incident === null || incident.state === 'merged' ? [] : [incident]));
  return Promise.all(open.map((incident) => toTell(incident, services)));
}

async function toTell(
  { id, title, openedAt, state }: Pick<Incident, 'id' | 'title' | 'openedAt' | 'state'>,
  services: ApiServices,
): Promise<ToTell> {
  const { clocks } = await services.desk.brief(id);
  return {
    id,
    title,
    openedAt: new Date(openedAt).toISOString(),
    isClosed: state === 'closed' || state === 'merged',
    duties: clocks.filter(({ endedAt }) => endedAt === null).map(asDuty),
    edits: (await services.drafts.edits(id)).map(({ name, changed_at: at, changed_by: by }) => ({
      title: SHAPES.get(name)?.title ?? name,
      at: new Date(at).toISOString(),
      by,
    })),
  };
}

function asDuty({ title, state, dueAt }: Pick<DeskClock, 'title' | 'state' | 'dueAt'>): z.infer<typeof DUTY> {
  return { title, state, dueAt: new Date(dueAt).toISOString() };
}

const list = endpoint({
  audience: ['analyst', 'privacy'],
  method: 'GET',
  path: '/api/v1/incidents/:id/drafts',
  summary:
    'Drafts of what has to be told, filled with what is known now, or as somebody has edited them; first those with a deadline that runs.',
  input: z.object({ id: INCIDENT, likelihood: GRID, severity: GRID }),
  answer: z.object({
    title: z.string(),
    drafts: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        isLetter: z.boolean().describe('to patients: for the privacy role alone'),
        sections: SECTIONS.nullable().describe('null: not for this role'),
        changedAt: z.iso.datetime().nullable().describe('null: nobody has edited it'),
        changedBy: z.string().nullable(),
        duty: DUTY.nullable().describe('the deadline that it is for, if one runs'),
      }),
    ),
  }),
  isRecorded: true,
  handle: async ({ id, likelihood, severity }, services, _signal, caller) => {
    const grid = likelihood === undefined || severity === undefined ? null : { likelihood, severity };
    const { title, drafts } = await freshDrafts(id, grid, services, readBy(caller));
    const kept = await services.drafts.of(id);
    const running = (await services.desk.brief(id)).clocks.filter(({ endedAt }) => endedAt === null);
    const dutyOf = (name: string) => running.find(({ kind }) => DUTIES[name]?.includes(kind) === true) ?? null;
    const dueAt = (name: string) => dutyOf(name)?.dueAt ?? Number.POSITIVE_INFINITY;
    return {
      title,
      drafts: drafts.toSorted(byDue(dueAt)).map((draft) => {
        const duty = dutyOf(draft.name);
        const edited = kept.get(draft.name);
        return {
          name: draft.name,
          title: draft.title,
          isLetter: draft.isLetter,
          sections: draft.isLetter && !mayRead(caller) ? null : (edited?.sections ?? draft.sections),
          changedAt: edited === undefined ? null : new Date(edited.changedAt).toISOString(),
          changedBy: edited?.changedBy ?? null,
          duty: duty === null ? null : asDuty(duty),
        };
      }),
    };
  },
});

/** The next deadline first; the others stay in the order of the forms. */
function byDue(dueAt: (name: string) => number): (a: Draft, b: Draft) => number {
  return (a, b) => {
    const [one, other] = [dueAt(a.name), dueAt(b.name)];
    return one === other ? 0 : one - other;
  };
}

const save = endpoint({
  audience: ['analyst', 'privacy'],
  method: 'POST',
  path: '/api/v1/incidents/:id/drafts/:name',
  summary: 'Keeps a draft as edited. Numbers of patients become pseudonyms, but in a letter to them.',
  input: z.object({
    id: INCIDENT,
    name: NAME,
    sections: SECTIONS,
    changedAt: z.iso
      .datetime()
      .nullable()
      .optional()
      .describe('as it was read: refused if somebody has changed it since. Left out: what is there goes'),
  }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id, name, sections, changedAt }, services, _signal, caller) => {
    await mustExist(id, services, caller);
    const { isLetter } = shapeOf(name, caller);
    const readAt = changedAt == null ? changedAt : Date.parse(changedAt);
    await services.drafts.keep(id, name, cleaned(sections, isLetter, services), caller?.name ?? '', readAt);
    return { done: true };
  },
});

const renew = endpoint({
  audience: ['analyst', 'privacy'],
  method: 'POST',
  path: '/api/v1/incidents/:id/drafts/:name/renew',
  summary: 'Throws what was edited away: the draft is made anew of what is known now.',
  input: z.object({ id: INCIDENT, name: NAME }),
  answer: DONE,
  isRecorded: true,
  handle: async ({ id, name }, services, _signal, caller) => {
    await mustExist(id, services, caller);
    shapeOf(name, caller);
    await services.drafts.forget(id, name);
    return { done: true };
  },
});

const MIN_REASON = 10;

const file = endpoint({
  audience: ['analyst', 'privacy'],
  method: 'POST',
  path: '/api/v1/incidents/:id/drafts/:name/file',
  summary:
    'The draft as a file. A letter to patients: for a person of the privacy role, with a reason, which is recorded.',
  input: z.object({
    id: INCIDENT,
    name: NAME,
    format: z.enum(['docx', 'pdf']),
    sections: SECTIONS,
    reason: typed().trim().max(1000).optional().describe('why, for a letter'),
  }),
  answer: 'application/octet-stream',
  isRecorded: true,
  handle: async ({ id, name, format, sections, reason }, services, _signal, caller) => {
    await mustExist(id, services, caller);
    const draft = shapeOf(name, caller);
    if (draft.isLetter && (reason ?? '').length < MIN_REASON)
      throw new Refusal('drafts/reason-needed', 'say why the letter is taken');
    // Hardly ever needed, and large.
    const { draftFile } = await import('../../packs/write.ts');
    const bytes = await draftFile({ ...draft, sections: cleaned(sections, draft.isLetter, services) }, format);
    return { contentType: 'application/octet-stream', pieces: [bytes] };
  },
});

export const drafts = [choose, list, save, renew, file];

/** Of a letter a person has to answer for it; a token is nobody. */
function mayRead(caller: Caller | null): boolean {
  return caller?.session != null && caller.roles.includes('privacy');
}

async function mustExist(id: string, { incidents }: ApiServices, caller: Caller | null): Promise<void> {
  if ((await incidents.find(id, readBy(caller))) === null)
    throw new Refusal('incidents/not-found', `there is no incident ${id}`);
}

/** The draft of that name, as far as it is the same for every incident. @throws Refusal `drafts/not-found`, `drafts/letters` */
function shapeOf(name: string, caller: Caller | null): Draft {
  const draft = SHAPES.get(name);
  if (draft === undefined) throw new Refusal('drafts/not-found', `there is no draft ${name}`);
  if (draft.isLetter && !mayRead(caller))
    throw new Refusal('drafts/letters', 'a letter to patients is for a person of the privacy role');
  return draft;
}

const SHAPES: ReadonlyMap<string, Draft> = new Map(
  draftsOf({
    incidentId: '',
    title: '',
    openedAt: 0,
    firstEvidenceAt: null,
    lastEvidenceAt: 0,
    awareAt: null,
    machines: [],
    accounts: [],
    scope: null,
    clocks: [],
    done: [],
    open: [],
    grid: null,
    timeZone: 'Europe/London',
    now: 0,
  }).map((draft) => [draft.name, draft]),
);

type Sections = z.infer<typeof SECTIONS>;

/** No patient’s number leaves in anything but a letter. */
function cleaned(sections: Sections, isLetter: boolean, { pseudonymise }: ApiServices): Sections {
  if (isLetter) return sections;
  return sections.map(({ heading, lines }) => ({ heading: pseudonymise(heading), lines: lines.map(pseudonymise) }));
}

async function freshDrafts(
  id: string,
  grid: { readonly likelihood: number; readonly severity: number } | null,
  services: ApiServices,
  reads: readonly Addressee[],
): Promise<{ readonly title: string; readonly drafts: readonly Draft[] }> {
  const incident = await services.incidents.find(id, reads);
  if (incident === null) throw new Refusal('incidents/not-found', `there is no incident ${id}`);
  const view = await services.desk.view(id);
  const asked = await services.scopeQuestion(id);
  const scope = asked === null ? null : scopeFactsOf(await services.scopeOf(asked.question), asked.question, gapText);
  const { timeZone, now } = services;
  const facts = factsOf(incident, view, { firstEvidenceAt: asked?.firstAt ?? null, scope, grid, timeZone, now: now() });
  return { title: incident.title, drafts: draftsOf(facts) };
}
