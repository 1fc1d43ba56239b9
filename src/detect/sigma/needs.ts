import { auditPoliciesFor, mapLogSource } from './log-source.ts';
import data from './log-sources.json' with { type: 'json' };
import type { EventRule } from './rule.ts';

/** What to switch on, or to send, so that this rule has something to judge. */
export function needsOf(rule: EventRule): string {
  const { logSource } = rule;
  const { ways } = mapLogSource(logSource);
  const settings = ways.map((way) => way.needs).filter((needs) => needs !== null);
  if (settings.length > 0) return settings.join('; or ');
  const [channel] = ways[0]?.channels ?? [];
  if (channel === 'security') return securityNeeds(rule.condition);
  if (channel !== undefined) return `the Windows log “${CHANNEL_NAMES.get(channel) ?? channel}”`;
  const words = [logSource.product, logSource.category, logSource.service].filter((word) => word !== undefined);
  return IN_WORDS.get(words.join('/')) ?? `logs of ${words.join(' / ')}`;
}

/** As Windows writes them: channels are compared in lower case. */
const CHANNEL_NAMES: ReadonlyMap<string, string> = new Map(
  Object.values(data.windows.services)
    .flat()
    .map((name) => [name.toLowerCase(), name]),
);

/** What people call the logs that arrive as no Windows channel. */
const IN_WORDS: ReadonlyMap<string, string> = new Map([
  ['clinical/record_access', 'the log of who opened which patient record (FHIR AuditEvent, IHE ATNA, or an export)'],
  ['clinical/dicom', 'the log of the imaging archive (PACS)'],
  ['clinical/hl7', 'the log of the integration engine (HL7)'],
  ['m365/audit', 'the audit log of Microsoft 365 (Purview)'],
  ['azure/auditlogs', 'the audit log of Microsoft Entra'],
  ['azure/signinlogs', 'the sign-in log of Microsoft Entra'],
  ['azure/activitylogs', 'the activity log of Microsoft Azure'],
  ['azure/riskdetection', 'the risk detections of Microsoft Entra'],
  ['aws/cloudtrail', 'the log of the Amazon cloud (CloudTrail)'],
  ['vpn', 'the log of remote access (VPN)'],
  ['firewall', 'the log of the firewall'],
  ['antivirus', 'the log of the virus scanner'],
  ['webserver', 'the access log of the web server (IIS, Apache, nginx)'],
  ['linux/sshd', 'the sign-in log of Linux (sshd)'],
  ['linux/auditd', 'the audit log of Linux (auditd)'],
  ['zeek/smb_files', 'Zeek’s log of files on shares (smb_files)'],
]);

/** The audit policy behind the event ids that a rule asks for. */
function securityNeeds(condition: EventRule['condition']): string {
  const policies = auditPoliciesFor(eventIdsOf(condition));
  if (policies.length === 0) return 'the Windows Security log';
  return `the Windows Security log, with the audit policy ${policies
    .slice(0, 3)
    .map((policy) => `“${policy}”`)
    .join(' or ')} on`;
}

function eventIdsOf(condition: EventRule['condition']): number[] {
  switch (condition.op) {
    case 'and':
    case 'or':
      return condition.of.flatMap(eventIdsOf);
    case 'item':
      if (condition.item.field !== 'EventID') return [];
      return condition.item.tests.flatMap((test) =>
        test.kind === 'text' ? test.pattern.map(Number).filter(Number.isInteger) : [],
      );
    case 'not':
    case 'constant':
      return [];
  }
}
