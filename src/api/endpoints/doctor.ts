import { z } from 'zod';
import { RETENTION_KINDS } from '../../store/archive/retention.ts';
import { endpoint } from '../endpoint.ts';

const BYTES = z.number().min(0);
const AT = z.iso.datetime();

export const doctor = endpoint({
  audience: ['admin'],
  method: 'GET',
  path: '/api/v1/doctor',
  summary: 'How the service itself is: what “wardwatch doctor” says, how much room there is, and how fast things come.',
  input: z.object({}),
  answer: z.object({
    startedAt: AT,
    checks: z.array(
      z.object({
        what: z.string(),
        state: z
          .enum(['well', 'watch', 'bad'])
          .describe('bad: something has to be done; watch: it will have to be soon'),
        detail: z.string(),
        mend: z.string(),
      }),
    ),
    room: z.object({
      totalBytes: BYTES,
      freeBytes: BYTES,
      parts: z.array(z.object({ what: z.enum(['archive', 'journal', 'rest']), bytes: BYTES })),
      kinds: z.array(
        z.object({
          kind: z.enum(RETENTION_KINDS),
          keepDays: z.int(),
          minimumDays: z.int(),
          bytes: BYTES,
          events: z.int(),
          oldestAt: AT.nullable(),
          bytesADay: BYTES,
        }),
      ),
      fullInDays: z.int().nullable().describe('at the rate of the last week; null: as much goes as comes before that'),
      measuredDays: z.number().describe('over how many days that rate was measured'),
      holds: z.array(
        z.object({
          id: z.string(),
          sources: z.array(z.string()).describe('none: every source'),
          from: AT.nullable(),
          to: AT.nullable(),
          reason: z.string(),
          events: z.int().describe('sealed events that it keeps'),
        }),
      ),
      chainLines: z.int(),
      head: z.object({ number: z.int(), hash: z.string() }),
    }),
    flow: z.object({
      kept: z.int().describe('events since the start'),
      perSecond: z.number().nullable().describe('of the last five minutes; null: not known yet'),
      heldBack: z.int().describe('times that a source was asked to wait, since the start'),
      notJudgedBytes: BYTES,
      notArchivedBytes: BYTES,
      notSealed: z.int().describe('events that a restart takes from the journal again'),
    }),
  }),
  isRecorded: false,
  handle: async (_input, { health }) => {
    const { startedAt, room, ...rest } = await health.report();
    return {
      ...rest,
      startedAt: iso(startedAt),
      room: {
        ...room,
        kinds: room.kinds.map((kind) => ({ ...kind, oldestAt: iso(kind.oldestAt) })),
        holds: room.holds.map((hold) => ({ ...hold, from: iso(hold.from), to: iso(hold.to) })),
      },
    };
  },
});

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
