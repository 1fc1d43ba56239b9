import { z } from 'zod';
import { notReceived } from '../../records/words.ts';
import { isoTime } from '../../core/finding.ts';
import { type RecordCase, VERDICTS } from '../../watch/record-cases.ts';
import { type ApiServices, endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';
import { asPage, PAGING, pageOf, readCursor } from '../paging.ts';

const ABOUT = z
  .discriminatedUnion('schema', [
    z.looseObject({
      schema: z.literal('wardwatch.access-case/1'),
      user: z.string(),
      day: z.iso.date(),
      kinds: z.array(z.string()),
      plain: z.string(),
      patients: z.array(z.looseObject({ patient: z.string(), times: z.number().int(), because: z.string() })),
      innocentIf: z.array(z.string()),
      missing: z.array(z.string()),
    }),
    z.looseObject({
      schema: z.literal('wardwatch.crowd-case/1'),
      patient: z.string(),
      from: z.iso.date(),
      to: z.iso.date(),
      plain: z.string(),
      users: z.array(z.looseObject({ user: z.string(), day: z.iso.date(), because: z.string() })),
    }),
  ])
  .describe('as “records review --format ndjson” prints it; patients are pseudonyms');
const CASE = z.object({
  schema: z.literal('wardwatch.record-case/1'),
  id: z.string(),
  firstAt: z.iso.datetime(),
  firstLookAt: z.iso
    .datetime()
    .nullable()
    .describe('made while its day went on, by what was known then; null: a review found it first'),
  isProvisional: z
    .boolean()
    .describe('true: no review has judged its day yet; the next one confirms it, lowers it or withdraws it'),
  history: z
    .array(z.object({ at: z.iso.datetime(), said: z.enum(['first-look', 'confirmed', 'lowered', 'withdrawn']) }))
    .describe('of a first look: what was said of it, the oldest first'),
  explainedAt: z.iso.datetime().nullable().describe('since when what has come in explains it; null: nothing does'),
  decision: z
    .object({ verdict: z.enum(VERDICTS), reason: z.string(), by: z.string(), at: z.iso.datetime() })
    .nullable()
    .describe('null: nobody has decided'),
  case: ABOUT,
});

function asCase(one: RecordCase): object {
  const { id, firstAt, firstLookAt, isProvisional, history, explainedAt, decision, case: own } = one;
  return {
    schema: 'wardwatch.record-case/1',
    id,
    firstAt: isoTime(firstAt),
    firstLookAt: isoTime(firstLookAt),
    isProvisional,
    history: history.map(({ at, said }) => ({ at: isoTime(at), said })),
    explainedAt: isoTime(explainedAt),
    decision: decision === null ? null : { ...decision, at: isoTime(decision.at) },
    case: own,
  };
}

export const recordCases = endpoint({
  audience: ['privacy'],
  method: 'GET',
  path: '/api/v1/records/cases',
  summary:
    'Looks at records that the care given does not explain, as the nightly review found them, or a first look while the day goes on; the newest first.',
  input: PAGING.extend({
    below: z.enum(['true', 'false']).default('false').describe('true: those beneath the budget too'),
  }),
  answer: pageOf(CASE),
  isRecorded: true,
  handle: async ({ below, cursor, limit }, services) =>
    asPage(
      (await services.recordCases.page(below === 'true', readCursor(cursor), limit + 1)).map(
        ({ one, cursor: own }) => ({ item: asCase(one), cursor: own }),
      ),
      limit,
    ),
});

export const decideRecordCase = endpoint({
  audience: ['privacy'],
  method: 'POST',
  path: '/api/v1/records/cases/:id/decision',
  summary: 'What you made of a case, and why. A later decision takes the place of an earlier one; the trail has both.',
  input: z.object({
    id: z.string().max(100),
    verdict: z.enum(VERDICTS),
    reason: typed().trim().min(10).max(2000),
  }),
  answer: CASE,
  isRecorded: true,
  handle: async ({ id, verdict, reason }, services, _signal, caller) =>
    asCase(
      await services.recordCases.decide(id, {
        verdict,
        reason: services.pseudonymise(reason),
        by: caller?.name ?? '',
      }),
    ),
});

const ITEM = z.object({
  schema: z.literal('wardwatch.record-item/1'),
  id: z.string(),
  firstAt: z.iso.datetime(),
  seenAt: z.iso.datetime().describe('when it was last filled in: whether care followed is known later'),
  item: z
    .looseObject({
      schema: z.literal('wardwatch.review-item/1'),
      kind: z.enum(['break-glass', 'sealed']),
      user: z.string(),
      day: z.iso.date(),
      patient: z.string(),
      reason: z.string().nullable(),
      times: z.number().int(),
      outcome: z.enum(['success', 'failure']),
      explained: z.boolean(),
    })
    .describe('as “records review --items” prints it; the patient is a pseudonym'),
});

export const recordItems = endpoint({
  audience: ['privacy'],
  method: 'GET',
  path: '/api/v1/records/items',
  summary:
    'Uses of break-glass, and sealed records opened without a direct relationship, as they come; the newest first.',
  input: PAGING,
  answer: pageOf(ITEM),
  isRecorded: true,
  handle: async ({ cursor, limit }, services) =>
    asPage(
      (await services.recordItems.page(readCursor(cursor), limit + 1)).map(({ one, cursor: own }) => ({
        item: {
          schema: 'wardwatch.record-item/1',
          id: one.id,
          firstAt: isoTime(one.firstAt),
          seenAt: isoTime(one.seenAt),
          item: one.item,
        },
        cursor: own,
      })),
      limit,
    ),
});

const REVIEW = z.object({
  isRunning: z.boolean(),
  live: z
    .object({
      isFollowing: z.boolean().describe('false: accesses that come wait, or nobody sends any'),
      today: z.iso.date().nullable().describe('the day that goes on; null: it is still learned what is usual'),
    })
    .describe('how accesses are judged as they come'),
  last: z
    .object({
      at: z.iso.datetime(),
      to: z.iso.date().describe('the local day up to which, without it, was reviewed'),
      accesses: z.number().int(),
      firstDay: z.iso.date().nullable(),
      lastDay: z.iso.date().nullable(),
      judgedDays: z.number().int().describe('0: all days are still learned from'),
      missing: z.array(z.string()).describe('what is not known beside the accesses'),
      notReceived: z.array(z.string()).describe('the same in words'),
      setAside: z.number().int().describe('rows of the files beside them that could not be read'),
      relationships: z.number().int().describe('stays, appointments, referrals and orders that messages told of'),
      unknownLocations: z
        .array(z.string())
        .describe('codes of places in messages that no file names as a department: locations.csv may'),
      ambiguousIds: z
        .number()
        .int()
        .describe('local ids that came with two NHS numbers, and so belong to nobody for certain'),
      losses: z.number().int().describe('parts of what is kept that could not be read'),
    })
    .nullable()
    .describe('null: there has been none'),
});

async function reviewOf({ recordReview, liveRecords }: ApiServices): Promise<object> {
  const last = await recordReview.last();
  return {
    isRunning: recordReview.isRunning,
    live: liveRecords(),
    last: last === null ? null : { ...last, at: isoTime(last.at), notReceived: [...notReceived(last.missing)] },
  };
}

export const recordReview = endpoint({
  audience: ['privacy', 'admin'],
  method: 'GET',
  path: '/api/v1/records/review',
  summary: 'How the last nightly review of record accesses went.',
  input: z.object({}),
  answer: REVIEW,
  isRecorded: false,
  handle: (_input, services) => reviewOf(services),
});

export const beginRecordReview = endpoint({
  audience: ['privacy', 'admin'],
  method: 'POST',
  path: '/api/v1/records/review',
  summary:
    'Reviews now and not at night, as after relationships were added. Ask the same address by GET how it stands.',
  input: z.object({}),
  answer: REVIEW,
  isRecorded: true,
  handle: (_input, services) => {
    services.recordReview.begin();
    return reviewOf(services);
  },
});
