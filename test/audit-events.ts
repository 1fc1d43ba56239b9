import { ok } from 'node:assert/strict';
import type { TestService } from './service.ts';

const ACTIONS: Readonly<Record<string, string>> = { read: 'R', create: 'C', update: 'U', delete: 'D', search: 'E' };

/** A row of accesses.csv as a FHIR R4 AuditEvent. */
export function auditEvent(cells: readonly string[]): object {
  const [time, user, patient, action = 'read', resource, , , , , host, address, , , outcome] = cells;
  return {
    resourceType: 'AuditEvent',
    type: { code: 'rest' },
    ...(action === 'print' || action === 'export' || action === 'search' ? { subtype: [{ code: action }] } : {}),
    action: ACTIONS[action] ?? 'R',
    recorded: time,
    outcome,
    agent: [
      { requestor: true, who: { identifier: { value: user } }, network: { address, type: '2' } },
      { requestor: false, who: { reference: `Device/${host ?? ''}` } },
    ],
    source: { observer: { display: 'epr' } },
    entity: [
      { what: { reference: `Patient/${patient ?? ''}` }, role: { code: '1' } },
      { what: { reference: `${resource ?? ''}/${patient ?? ''}-1` } },
    ],
  };
}

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
