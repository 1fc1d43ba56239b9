import type { FieldValue } from '../../core/event.ts';

/** Providers whose channel is not their name with `/Operational` after it. In small letters. */
const CHANNELS: Readonly<Record<string, string>> = {
  'microsoft-windows-security-auditing': 'Security',
  security: 'Security',
  'microsoft-windows-dns-server-service': 'DNS Server',
  'microsoft-windows-kernel-general': 'System',
  'microsoft-windows-kernel-power': 'System',
  'microsoft-windows-kernel-boot': 'System',
  'microsoft-windows-directory-services-sam': 'System',
  'microsoft-windows-kerberos-key-distribution-center': 'System',
  'microsoft-windows-windowsupdateclient': 'System',
  'microsoft-windows-grouppolicy': 'System',
  'microsoft-windows-time-service': 'System',
  'microsoft-windows-winlogon': 'System',
  'microsoft-windows-distributedcom': 'System',
  'microsoft-windows-dhcp-client': 'System',
  'microsoft-windows-certificationauthority': 'Application',
  'microsoft-windows-user profiles service': 'Application',
  'microsoft-windows-wmi': 'Application',
  'microsoft-windows-ntfs': 'System',
  'service control manager': 'System',
  eventlog: 'System',
  netlogon: 'System',
  dcom: 'System',
  schannel: 'System',
  user32: 'System',
  volsnap: 'System',
  'microsoft antimalware': 'System',
  'application error': 'Application',
  'application hang': 'Application',
  'windows error reporting': 'Application',
  msiinstaller: 'Application',
  esent: 'Application',
  mssqlserver: 'Application',
  vss: 'Application',
  screenconnect: 'Application',
  'microsoft-windows-audit-cve': 'Application',
  powershell: 'Windows PowerShell',
  'msexchange cmdletlogs': 'MSExchange Management',
};

/** Events of the event log service itself that are in the Security log: it was cleared, or stopped. */
const SECURITY_OF_EVENTLOG = /^(?:1100|1101|1102|1104|1105|1108)$/;

/** The channel that a provider writes to, for events that name their provider only; `null` if it is not known. */
export function channelOf(provider: string, eventId: FieldValue): string | null {
  const name = provider.toLowerCase();
  if (name === 'microsoft-windows-eventlog')
    return (typeof eventId === 'string' || typeof eventId === 'number') && SECURITY_OF_EVENTLOG.test(`${eventId}`)
      ? 'Security'
      : 'System';
  if (Object.hasOwn(CHANNELS, name)) return CHANNELS[name] ?? null;
  return /^Microsoft-Windows-[\w -]{1,80}$/i.test(provider) ? `${provider}/Operational` : null;
}
