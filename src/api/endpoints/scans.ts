import { z } from 'zod';
import { endpoint } from '../endpoint.ts';

const COUNT = z.int().min(0);
const SCAN = z.object({
  id: z.string(),
  name: z.string(),
  bytes: COUNT,
  by: z.string(),
  at: z.iso.datetime(),
  state: z.discriminatedUnion('is', [
    z.object({ is: z.literal('waiting') }),
    z.object({ is: z.literal('reading'), part: z.number().describe('0 to 1'), events: COUNT, findings: COUNT }),
    z.object({
      is: z.literal('done'),
      verdict: z.string(),
      events: COUNT,
      setAside: COUNT,
      levels: z.object({ critical: COUNT, high: COUNT, medium: COUNT, low: COUNT }),
    }),
    z.object({ is: z.literal('failed'), why: z.string() }),
  ]),
});

const drop = endpoint({
  audience: ['analyst', 'partner'],
  method: 'POST',
  path: '/api/v1/scans',
  summary: 'Reads a file of logs as “wardwatch scan” does, apart from all that is kept here. The body is the file.',
  input: z.object({ name: z.string().min(1).max(300) }),
  takesBytes: true,
  answer: z.object({ id: z.string() }),
  isRecorded: true,
  handle: async ({ name }, services, _signal, caller, { bytes }) => {
    const { id } = await services.scans.add(name, caller?.name ?? '', bytes);
    return { id };
  },
});

const list = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/scans',
  summary: 'The files that were dropped lately, and what was found in each.',
  input: z.object({}),
  answer: z.object({ scans: z.array(SCAN) }),
  isRecorded: false,
  handle: (_input, services) =>
    Promise.resolve({ scans: services.scans.list().map((scan) => ({ ...scan, at: new Date(scan.at).toISOString() })) }),
});

const report = endpoint({
  audience: ['analyst', 'partner'],
  method: 'GET',
  path: '/api/v1/scans/:id/report',
  summary: 'The report of one, as a page that needs nothing else.',
  input: z.object({ id: z.string().max(100) }),
  answer: 'text/html',
  isRecorded: true,
  handle: ({ id }, services) =>
    Promise.resolve({ contentType: 'text/html; charset=utf-8', pieces: [services.scans.report(id)] }),
});

export const scans = [drop, list, report];
