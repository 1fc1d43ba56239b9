import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { ENDPOINTS } from './endpoints.ts';
import { typed } from './typed.ts';

test('what is not seen is left out of what a person types; all that is seen stays', () => {
  equal(typed().parse('a\0b\x1b[31mc\x7f\u202Egpj.exe\u202C\u2066x\u2069\u0085'), 'ab[31mcgpj.exex');
  const fine = 'Zoë, 名前,\tעברית \u200fو\n👩‍⚕️ “quoted”';
  equal(typed().parse(fine), fine);
  equal(typed().parse('two\r\nlines\rthree'), 'two\nlines\nthree');
  equal(typed().trim().min(1).safeParse(' \u202E\0 ').success, false, 'nothing is left');
});

/** What is compared with what something else said, is a secret, or is checked by its own reader. */
const NOT_TYPED = new Set([
  'id',
  'name in /api/v1/incidents/:id/drafts/:name',
  'name in /api/v1/incidents/:id/drafts/:name/renew',
  'name in /api/v1/incidents/:id/drafts/:name/file',
  'name in /api/v1/people',
  'name in /api/v1/scans',
  'name in /api/v1/session',
  'name in /api/v1/invitations/accept',
  'name in /api/v1/sources',
  'reason in /api/v1/setaside/replay',
  'sources in /api/v1/holds',
  'sentence',
  'ruleId',
  'host',
  'account',
  'query',
  'addresses',
  'incident',
  'patient',
  'password',
  'newPassword',
  'code',
  'token',
  'secret',
  'response',
  'type',
  'rawId',
  'into',
  'step',
  'playbook',
  'clock',
  'kind',
  'startedAt',
  'expiresAt',
  'from',
  'to',
  'url',
  'digest',
  'mail',
  'user',
  'pseudonyms',
  'setAside',
]);

/** Each text in an input, by the name of its field. */
function textsIn(schema: z.ZodType, name: string): [name: string, text: z.ZodType][] {
  if (schema instanceof z.ZodObject)
    return Object.entries(schema.shape).flatMap(([field, each]) => textsIn(each as z.ZodType, field));
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault)
    return textsIn(schema.unwrap() as z.ZodType, name);
  if (schema instanceof z.ZodArray) return textsIn(schema.element as z.ZodType, name);
  if (schema instanceof z.ZodRecord) return textsIn(schema.valueType as z.ZodType, name);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((each) => textsIn(each as z.ZodType, name));
  return schema instanceof z.ZodString ? [[name, schema]] : [];
}

test('every text that a person types and others read goes through the same cleaning', () => {
  const raw: string[] = [];
  let cleaned = 0;
  for (const { method, path, input } of ENDPOINTS) {
    if (method !== 'POST') continue;
    for (const [name, text] of textsIn(input, '')) {
      if (NOT_TYPED.has(name) || NOT_TYPED.has(`${name} in ${path}`)) continue;
      const parsed = text.safeParse('a text that is long enough\u202E');
      if (parsed.success && parsed.data === 'a text that is long enough') cleaned++;
      else raw.push(`${name} in ${path}`);
    }
  }
  deepEqual(raw, []);
  ok(cleaned > 15, String(cleaned));
});
