import { equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { clientTypes } from './client-types.ts';
import { ENDPOINTS } from './endpoints.ts';

test('the page’s client is exactly what the endpoints take and answer (else: npm run client)', () => {
  const kept = path.join(import.meta.dirname, '..', 'web', 'client', 'api.ts');
  equal(readFileSync(kept, 'utf8'), clientTypes(ENDPOINTS));
});
