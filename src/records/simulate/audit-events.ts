const ACTIONS: Readonly<Record<string, string>> = { read: 'R', create: 'C', update: 'U', delete: 'D', search: 'E' };

/** The cells of a row of accesses.csv as a FHIR R4 AuditEvent. */
export function auditEvent(cells: readonly string[]): object {
  const [time, user, patient, action = 'read', resource, , , purpose = '', , host, address, , , outcome] = cells;
  return {
    resourceType: 'AuditEvent',
    type: { code: 'rest' },
    ...(action === 'print' || action === 'export' || action === 'search' ? { subtype: [{ code: action }] } : {}),
    action: ACTIONS[action] ?? 'R',
    recorded: time,
    outcome,
    agent: [
      {
        requestor: true,
        who: { identifier: { value: user } },
        network: { address, type: '2' },
        ...(purpose === '' ? {} : { purposeOfUse: [{ coding: [{ code: purpose }] }] }),
      },
      { requestor: false, who: { reference: `Device/${host ?? ''}` } },
    ],
    source: { observer: { display: 'epr' } },
    entity: [
      { what: { reference: `Patient/${patient ?? ''}` }, role: { code: '1' } },
      { what: { reference: `${resource ?? ''}/${patient ?? ''}-1` } },
    ],
  };
}
