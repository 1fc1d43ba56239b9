import { ok } from 'node:assert/strict';
import type { TestService } from './service.ts';

/** In bundles, as a shipper sends them. */
export async function sendAudit(service: TestService, token: string, events: readonly object[]): Promise<void> {
  for (let from = 0; from < events.length; from += 500) {
    const entry = events
      .slice(from, from + 500)
      .map((resource) => ({ resource, request: { method: 'POST', url: 'AuditEvent' } }));
    const { status } = await service.fetch('/fhir', {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }),
    });
    ok(status === 200 || status === 201, String(status));
  }
}
