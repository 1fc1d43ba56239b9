import { z } from 'zod';
import { Refusal } from '../../core/refusal.ts';
import { endpoint, readBy } from '../endpoint.ts';

const NAME = z.string().nullable();

export const incidentGraph = endpoint({
  audience: ['analyst', 'partner', 'privacy'],
  method: 'GET',
  path: '/api/v1/incidents/:id/graph',
  summary: 'Which machines, accounts and addresses the findings of an incident name together, and how often.',
  input: z.object({ id: z.string().max(100) }),
  answer: z.object({
    edges: z.array(
      z.object({
        host: NAME,
        account: NAME,
        address: NAME,
        findings: z.int(),
        points: z.int().describe('the highest of them, 0 to 3'),
      }),
    ),
    isWhole: z.boolean().describe('false: there are more, with fewer findings each'),
  }),
  isRecorded: true,
  handle: async ({ id }, { incidents, findings }, _signal, caller) => {
    if ((await incidents.find(id, readBy(caller))) === null)
      throw new Refusal('incidents/not-found', `there is no incident ${id}`);
    return findings.together(id);
  },
});
