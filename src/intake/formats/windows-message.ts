import type { Fields } from '../../core/event.ts';

/**
 * The fields of a Windows event out of the text that Event Viewer shows for it, for exports that hold nothing else
 * (its CSV, Snare, agents that send the message alone). The labels are those of the English messages.
 *
 * Source: Microsoft, “Advanced security audit policy settings” (one page per event); Sysmon's manifest.
 */

/** In the Security log the same label means another field in each section: section → label → field. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  subject: {
    'security id': 'SubjectUserSid',
    'account name': 'SubjectUserName',
    'account domain': 'SubjectDomainName',
    'logon id': 'SubjectLogonId',
  },
  target: {
    'security id': 'TargetUserSid',
    'account name': 'TargetUserName',
    'account domain': 'TargetDomainName',
    'logon id': 'TargetLogonId',
    'logon guid': 'LogonGuid',
    'supplied realm name': 'TargetDomainName',
    'user id': 'TargetSid',
    'group name': 'TargetUserName',
    'group domain': 'TargetDomainName',
  },
  member: { 'security id': 'MemberSid', 'account name': 'MemberName' },
};

/** How messages call those sections. */
const SECTION_OF: Readonly<Record<string, string>> = {
  subject: 'subject',
  'creator subject': 'subject',
  'new logon': 'target',
  'target subject': 'target',
  'target account': 'target',
  'new account': 'target',
  group: 'target',
  'new group': 'target',
  'deleted group': 'target',
  'account information': 'target',
  'account for which logon failed': 'target',
  'account that was locked out': 'target',
  'account whose credentials were used': 'target',
  member: 'member',
};

/** Labels that mean one field wherever they stand. */
const LABELS: Readonly<Record<string, string>> = {
  'logon type': 'LogonType',
  'logon account': 'TargetUserName',
  'source workstation': 'Workstation',
  'error code': 'Status',
  'failure reason': 'FailureReason',
  'failure code': 'Status',
  'result code': 'Status',
  status: 'Status',
  'sub status': 'SubStatus',
  'caller process id': 'ProcessId',
  'caller process name': 'ProcessName',
  'caller computer name': 'TargetDomainName',
  'process id': 'ProcessId',
  'process name': 'ProcessName',
  'application name': 'Application',
  'new process id': 'NewProcessId',
  'new process name': 'NewProcessName',
  'creator process id': 'ProcessId',
  'creator process name': 'ParentProcessName',
  'process command line': 'CommandLine',
  'token elevation type': 'TokenElevationType',
  'mandatory label': 'MandatoryLabel',
  'workstation name': 'WorkstationName',
  'source network address': 'IpAddress',
  'network address': 'IpAddress',
  'client address': 'IpAddress',
  'source port': 'IpPort',
  port: 'IpPort',
  'client port': 'IpPort',
  'logon process': 'LogonProcessName',
  'authentication package': 'AuthenticationPackageName',
  'transited services': 'TransmittedServices',
  'package name (ntlm only)': 'LmPackageName',
  'key length': 'KeyLength',
  'target server name': 'TargetServerName',
  'object server': 'ObjectServer',
  'object type': 'ObjectType',
  'object name': 'ObjectName',
  'object value name': 'ObjectValueName',
  'handle id': 'HandleId',
  'operation type': 'OperationType',
  accesses: 'AccessList',
  'access mask': 'AccessMask',
  'share name': 'ShareName',
  'share path': 'ShareLocalPath',
  'relative target name': 'RelativeTargetName',
  'task name': 'TaskName',
  'task content': 'TaskContent',
  'service name': 'ServiceName',
  'service id': 'ServiceSid',
  'service file name': 'ServiceFileName',
  'service type': 'ServiceType',
  'service start type': 'ServiceStartType',
  'service account': 'ServiceAccount',
  'ticket options': 'TicketOptions',
  'ticket encryption type': 'TicketEncryptionType',
  'pre-authentication type': 'PreAuthType',
  privileges: 'PrivilegeList',
  'sam account name': 'SamAccountName',
  'display name': 'DisplayName',
  'user account control': 'UserAccountControl',
  'old account name': 'OldTargetUserName',
  'new account name': 'NewTargetUserName',
  'source address': 'SourceAddress',
  'destination address': 'DestAddress',
  'destination port': 'DestPort',
  protocol: 'Protocol',
  direction: 'Direction',
};

/** Labels of events outside the Security log: service installation (7045), PowerShell (4103, 4104, 800), Defender. */
const OTHER_LABELS: Readonly<Record<string, string>> = {
  'service file name': 'ImagePath',
  'service start type': 'StartType',
  'service account': 'AccountName',
  'host application': 'HostApplication',
  'scriptblock id': 'ScriptBlockId',
  path: 'Path',
  name: 'ThreatName',
  severity: 'SeverityName',
  category: 'CategoryName',
  user: 'User',
};

const MAX_LABELS = 300;
/** A label, its colon and its value: on lines of their own, or as agents join them, with two blanks or a tab between. */
const LABEL = /(?:^|[\r\n\t]|\s{2,})[ \t]*([A-Z][A-Za-z()/ -]{1,48}):(?=\s|$)[ \t]*/g;

/** Adds what the message says to the fields that there are already, which stay. */
export function addMessageFields(message: string, channel: string, fields: Fields): void {
  const isSecurity = channel.toLowerCase() === 'security';
  const isSysmon = channel.toLowerCase().includes('sysmon');
  if (isSysmon) return addSysmon(message, fields);
  const found: { label: string; from: number; at: number }[] = [];
  LABEL.lastIndex = 0;
  for (let match = LABEL.exec(message); match !== null && found.length < MAX_LABELS; match = LABEL.exec(message)) {
    found.push({ label: (match[1] ?? '').trim().toLowerCase(), from: LABEL.lastIndex, at: match.index });
    // What follows a label may begin with the blanks that the next one needs before it.
    LABEL.lastIndex = Math.max(match.index + 1, LABEL.lastIndex - 2);
  }
  // Agents that join the lines leave three blanks or more, or a tab, where one ended.
  const isJoined = !/[\r\n]/.test(message);
  let section = '';
  found.forEach(({ label, from }, i) => {
    const whole = message.slice(from, Math.max(from, found[i + 1]?.at ?? message.length)).trim();
    // An empty line ends a section, and begins the explanation at the end.
    const [value = ''] = whole.split(isJoined ? /\s{3,}|\t/ : /\r?\n[ \t]*\r?\n/, 1);
    if (value === '' && isSecurity) {
      section = SECTION_OF[label] ?? '';
      return;
    }
    const name = isSecurity
      ? ((SECTIONS[section] ?? {})[label] ?? LABELS[label])
      : (OTHER_LABELS[label] ?? LABELS[label]);
    if (name !== undefined && value !== '') fields[name] ??= value;
  });
  if (/\bScriptBlock text\b/i.test(message)) {
    const text = /Creating Scriptblock text \(\d+ of \d+\):\s*([^]*?)\s*ScriptBlock ID:/i.exec(message)?.[1];
    if (text !== undefined) fields['ScriptBlockText'] ??= text;
  }
}

/** Sysmon's messages call each field by its own name. */
function addSysmon(message: string, fields: Fields): void {
  const finder = /(?:^|[\r\n]|\s{2,}|\s)([A-Z][A-Za-z0-9]{1,40}): /g;
  const found: { name: string; from: number; at: number }[] = [];
  for (let match = finder.exec(message); match !== null && found.length < MAX_LABELS; match = finder.exec(message)) {
    if (SYSMON.has(match[1] ?? '')) found.push({ name: match[1] ?? '', from: finder.lastIndex, at: match.index });
  }
  found.forEach(({ name, from }, i) => {
    const value = message.slice(from, found[i + 1]?.at ?? message.length).trim();
    if (value !== '' && value !== '-') fields[name] ??= value;
  });
}

const SYSMON: ReadonlySet<string> = new Set(
  `RuleName UtcTime ProcessGuid ProcessId Image FileVersion Description Product Company OriginalFileName CommandLine
  CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel Hashes ParentProcessGuid ParentProcessId
  ParentImage ParentCommandLine ParentUser TargetFilename CreationUtcTime PreviousCreationUtcTime Protocol Initiated
  SourceIsIpv6 SourceIp SourceHostname SourcePort SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname
  DestinationPort DestinationPortName ImageLoaded Signed Signature SignatureStatus SourceProcessGuid SourceProcessId
  SourceImage TargetProcessGuid TargetProcessId TargetImage NewThreadId StartAddress StartModule StartFunction Device
  SourceProcessGUID SourceThreadId TargetProcessGUID GrantedAccess CallTrace SourceUser TargetUser EventType
  TargetObject Details NewName Hash Contents Configuration PipeName Operation EventNamespace Name Query Type
  Destination Consumer Filter QueryName QueryStatus QueryResults Session ClientInfo Archived IsExecutable`.split(/\s+/),
);
