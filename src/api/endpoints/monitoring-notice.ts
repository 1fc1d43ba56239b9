import { z } from 'zod';
import { ROLES } from '../../core/role.ts';
import { endpoint } from '../endpoint.ts';
import { typed } from '../typed.ts';

const show = endpoint({
  audience: ROLES,
  method: 'GET',
  path: '/api/v1/monitoring-notice',
  summary: 'What is recorded about members of staff, why, for how long, who can see it and whom to ask.',
  input: z.object({}),
  answer: z.object({
    source: z.string(),
    urgent: z.string().nullable().describe('whom to ring when something cannot wait'),
    sections: z.array(
      z.object({
        title: z.string(),
        lines: z.array(
          z.array(z.object({ text: z.string(), isMissing: z.boolean().describe('the organisation has to say this') })),
        ),
      }),
    ),
    fields: z.array(z.object({ id: z.string(), label: z.string(), value: z.string() })),
  }),
  isRecorded: false,
  handle: (_input, { monitoringNotice }) => monitoringNotice.read(),
});

const fill = endpoint({
  audience: ['admin', 'privacy'],
  method: 'POST',
  path: '/api/v1/monitoring-notice',
  summary: 'Says what only the organisation knows of that notice.',
  input: z.object({ values: z.record(z.string().max(40), typed().max(1000)) }),
  answer: z.object({ done: z.literal(true) }),
  isRecorded: true,
  handle: async ({ values }, { monitoringNotice }, _signal, caller) => {
    await monitoringNotice.fill(values, caller?.id ?? '');
    return { done: true };
  },
});

export const monitoringNotice = [show, fill];
