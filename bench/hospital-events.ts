import { newFields } from '../src/core/event.ts';
import type { StoredEvent } from '../src/store/archive/stored-event.ts';

/** An event, and how many bytes its shipper sent for it. */
export interface SentEvent {
  readonly event: StoredEvent;
  readonly rawBytes: number;
}

/** What Windows adds to the message of every such event, and shippers send with it. */
const LOGON_EXPLAINED =
  'Detailed Authentication Information:\n\tLogon Process:\t\tUser32 \n\tAuthentication Package:\tNegotiate\n\tTransited Services:\t-\n\tPackage Name (NTLM only):\t-\n\tKey Length:\t\t0\n\nThis event is generated when a logon session is created. It is generated on the computer that was accessed.\n\nThe subject fields indicate the account on the local system which requested the logon. This is most commonly a service such as the Server service, or a local process such as Winlogon.exe or Services.exe.\n\nThe logon type field indicates the kind of logon that occurred. The most common types are 2 (interactive) and 3 (network).\n\nThe New Logon fields indicate the account for whom the new logon was created, i.e. the account that was logged on.\n\nThe network fields indicate where a remote logon request originated. Workstation name is not always available and may be left blank in some cases.';
const PROCESS_EXPLAINED =
  'Token Elevation Type indicates the type of token that was assigned to the new process in accordance with User Account Control policy.\n\nType 1 is a full token with no privileges removed or groups disabled.\n\nType 2 is an elevated token with no privileges removed or groups disabled.\n\nType 3 is a limited token with administrative privileges removed and administrative groups disabled.';

const ACCOUNTS = 3000;
const HOSTS = 1200;
const PROGRAMS = ['WINWORD.EXE', 'OUTLOOK.EXE', 'chrome.exe', 'msedge.exe', 'emis.exe', 'systmone.exe', 'Teams.exe'];

/**
 * What a hospital's shippers send in a day, in its usual mixture: Windows security events with their message text as
 * Winlogbeat sends them, firewall lines, DNS, sshd. Few hosts and people make most of it. Everything that differs from
 * event to event in reality (ids, ports, handles, GUIDs) does so here; nothing is repeated to make it compress better.
 */
export class HospitalEvents {
  #state: number;
  #number = 0;
  readonly #startAt: number;

  constructor(seed: number, startAt: number) {
    this.#state = seed;
    this.#startAt = startAt;
  }

  /** @param perSecond how fast time goes by in them */
  next(perSecond: number): SentEvent {
    const number = this.#number++;
    const receivedAt = this.#startAt + Math.floor((number / perSecond) * 1000);
    const kind = this.#random();
    const host = `WS-${String(Math.floor(this.#skewed() * HOSTS)).padStart(4, '0')}`;
    const account = `user${Math.floor(this.#skewed() * ACCOUNTS)}`;
    const address = `10.${host.charCodeAt(4) % 30}.${Number(host.slice(3)) % 250}.${Number(host.slice(3)) % 97}`;
    const common = {
      id: `${(number >> 7).toString(36)}-${number & 127}`,
      receivedAt,
      at: receivedAt - Math.floor(this.#random() * 2000),
    };
    if (kind < 0.35) return this.#logon(common, host, account, address);
    if (kind < 0.5) return this.#process(common, host, account);
    if (kind < 0.62) return this.#share(common, host, account, address);
    if (kind < 0.85) return this.#firewall(common, address);
    if (kind < 0.97) return this.#dns(common, address);
    return this.#sshd(common, address);
  }

  #logon(common: Common, host: string, account: string, address: string): SentEvent {
    const [logonId, guid, port] = [this.#hex(7), this.#guid(), 1024 + Math.floor(this.#random() * 64_000)];
    const sid = `S-1-5-21-1004336348-1177238915-682003330-${1000 + Number(account.slice(4))}`;
    const type = this.#random() < 0.7 ? 3 : 2;
    return this.#windows(common, host, account, address, 4624, 'Logon', {
      SubjectUserSid: 'S-1-5-18',
      SubjectUserName: `${host}$`,
      SubjectDomainName: 'RX1',
      SubjectLogonId: '0x3e7',
      TargetUserSid: sid,
      TargetUserName: account,
      TargetDomainName: 'RX1',
      TargetLogonId: `0x${logonId}`,
      LogonType: type,
      LogonProcessName: 'User32 ',
      AuthenticationPackageName: 'Negotiate',
      WorkstationName: host,
      LogonGuid: guid,
      TransmittedServices: '-',
      LmPackageName: '-',
      KeyLength: 0,
      ProcessId: `0x${this.#hex(3)}`,
      ProcessName: 'C:\\Windows\\System32\\svchost.exe',
      IpAddress: address,
      IpPort: port,
      ImpersonationLevel: '%%1833',
      RestrictedAdminMode: '-',
      ElevatedToken: '%%1842',
      message: `An account was successfully logged on.\n\nSubject:\n\tSecurity ID:\t\tS-1-5-18\n\tAccount Name:\t\t${host}$\n\tAccount Domain:\t\tRX1\n\tLogon ID:\t\t0x3E7\n\nLogon Information:\n\tLogon Type:\t\t${type}\n\tRestricted Admin Mode:\t-\n\tElevated Token:\t\tYes\n\nNew Logon:\n\tSecurity ID:\t\t${sid}\n\tAccount Name:\t\t${account}\n\tAccount Domain:\t\tRX1\n\tLogon ID:\t\t0x${logonId.toUpperCase()}\n\tLogon GUID:\t\t${guid}\n\nNetwork Information:\n\tWorkstation Name:\t${host}\n\tSource Network Address:\t${address}\n\tSource Port:\t\t${port}\n\n${LOGON_EXPLAINED}`,
    });
  }

  #process(common: Common, host: string, account: string): SentEvent {
    const program = this.#pick(PROGRAMS);
    const [id, parent] = [this.#hex(4), this.#hex(4)];
    return this.#windows(common, host, account, null, 4688, 'Process Creation', {
      SubjectUserSid: `S-1-5-21-1004336348-1177238915-682003330-${1000 + Number(account.slice(4))}`,
      SubjectUserName: account,
      SubjectDomainName: 'RX1',
      SubjectLogonId: `0x${this.#hex(6)}`,
      NewProcessId: `0x${id}`,
      NewProcessName: `C:\\Program Files\\Common\\${program}`,
      TokenElevationType: '%%1938',
      ProcessId: `0x${parent}`,
      CommandLine: `"C:\\Program Files\\Common\\${program}" /n "\\\\fs1\\dept${Math.floor(this.#random() * 50)}\\letter${Math.floor(this.#random() * 99_999)}.docx"`,
      ParentProcessName: 'C:\\Windows\\explorer.exe',
      MandatoryLabel: 'S-1-16-8192',
      message: `A new process has been created.\n\nCreator Subject:\n\tAccount Name:\t\t${account}\n\nProcess Information:\n\tNew Process ID:\t\t0x${id}\n\tNew Process Name:\tC:\\Program Files\\Common\\${program}\n\tToken Elevation Type:\t%%1938\n\tMandatory Label:\t\tS-1-16-8192\n\tCreator Process ID:\t0x${parent}\n\n${PROCESS_EXPLAINED}`,
    });
  }

  #share(common: Common, host: string, account: string, address: string): SentEvent {
    return this.#windows(common, 'FS1', account, address, 5145, 'Detailed File Share', {
      SubjectUserSid: `S-1-5-21-1004336348-1177238915-682003330-${1000 + Number(account.slice(4))}`,
      SubjectUserName: account,
      SubjectDomainName: 'RX1',
      SubjectLogonId: `0x${this.#hex(7)}`,
      ObjectType: 'File',
      IpAddress: address,
      IpPort: 1024 + Math.floor(this.#random() * 64_000),
      ShareName: `\\\\*\\dept${Math.floor(this.#random() * 50)}`,
      ShareLocalPath: '\\??\\D:\\shares',
      RelativeTargetName: `folder${Math.floor(this.#random() * 500)}\\${host}-${Math.floor(this.#random() * 99_999)}.pdf`,
      AccessMask: '0x120089',
      AccessList: '%%1538\n\t\t\t\t%%1541\n\t\t\t\t%%4416',
      AccessReason: '-',
    });
  }

  #windows(
    common: Common,
    host: string,
    account: string,
    address: string | null,
    eventId: number,
    task: string,
    data: Readonly<Record<string, unknown>>,
  ): SentEvent {
    const computer = `${host}.rx1.nhs.uk`;
    const fields = Object.assign(
      newFields(),
      {
        Channel: 'Security',
        EventID: eventId,
        Provider_Name: 'Microsoft-Windows-Security-Auditing',
        ProviderGuid: '{54849625-5478-4994-A5BA-3E3B0328C30D}',
        Computer: computer,
        EventRecordID: 9_000_000 + this.#number,
        Task: task,
        Level: 'information',
        Keywords: 'Audit Success',
        'agent.version': '8.15.1',
        'agent.type': 'winlogbeat',
        TimeCreated: new Date(common.at).toISOString().replace('Z', `${Math.floor(this.#random() * 9999)}Z`),
      },
      data,
    );
    return this.#sent({
      ...common,
      sourceId: 'src_windows',
      product: 'windows',
      category: null,
      service: 'security',
      channel: 'Security',
      eventId,
      host: computer,
      account: `RX1\\${account}`,
      address,
      fields,
      text: null,
    });
  }

  #firewall(common: Common, address: string): SentEvent {
    const [port, to, sent, received, session] = [
      1024 + Math.floor(this.#random() * 64_000),
      this.#publicAddress(),
      Math.floor(this.#random() * 90_000),
      Math.floor(this.#random() * 900_000),
      10_000_000 + this.#number * 3,
    ];
    const policy = Math.floor(this.#skewed() * 60);
    const time = new Date(common.at).toISOString();
    const text = `<189>date=${time.slice(0, 10)} time=${time.slice(11, 19)} devname="fw1" devid="FG100E4Q17001234" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" eventtime=${common.at}000000 srcip=${address} srcport=${port} srcintf="lan" srcintfrole="lan" dstip=${to} dstport=443 dstintf="wan1" dstintfrole="wan" poluuid="6c2f8f5e-7f7f-51e9-2d5b-0e4b6c8c3a11" sessionid=${session} proto=6 action="accept" policyid=${policy} policytype="policy" service="HTTPS" dstcountry="Ireland" srccountry="Reserved" trandisp="snat" duration=${Math.floor(this.#random() * 300)} sentbyte=${sent} rcvdbyte=${received} appcat="unscanned"`;
    const fields = newFields();
    for (const [, name = '', value = ''] of text.matchAll(/(\w+)=("[^"]*"|\S+)/g))
      fields[name] = value.replaceAll('"', '');
    return this.#sent({
      ...common,
      sourceId: 'src_fw1',
      product: 'fortinet',
      category: 'firewall',
      service: null,
      channel: null,
      eventId: null,
      host: 'fw1',
      account: null,
      address,
      fields,
      text,
    });
  }

  #dns(common: Common, address: string): SentEvent {
    const fields = Object.assign(newFields(), {
      ts: common.at / 1000,
      uid: `C${this.#hex(9)}${this.#hex(8)}`,
      'id.orig_h': address,
      'id.orig_p': 1024 + Math.floor(this.#random() * 64_000),
      'id.resp_h': '10.0.0.2',
      'id.resp_p': 53,
      proto: 'udp',
      trans_id: Math.floor(this.#random() * 65_000),
      rtt: Number(this.#random().toFixed(6)),
      query: `host${Math.floor(this.#skewed() * 5000)}.example.com`,
      qclass_name: 'C_INTERNET',
      qtype_name: 'A',
      rcode_name: 'NOERROR',
      AA: false,
      TC: false,
      RD: true,
      RA: true,
      answers: [this.#publicAddress()],
      rejected: false,
    });
    return this.#sent({
      ...common,
      sourceId: 'src_zeek',
      product: 'zeek',
      category: null,
      service: 'dns',
      channel: null,
      eventId: null,
      host: null,
      account: null,
      address,
      fields,
      text: null,
    });
  }

  #sshd(common: Common, address: string): SentEvent {
    const time = new Date(common.at).toISOString();
    const pid = Math.floor(this.#random() * 30_000);
    const text = `<38>1 ${time} lx1 sshd ${pid} - - Accepted publickey for backup from ${address} port ${1024 + Math.floor(this.#random() * 64_000)} ssh2`;
    const fields = Object.assign(newFields(), {
      hostname: 'lx1',
      program: 'sshd',
      pid,
      message: text.slice(text.indexOf('Accepted')),
    });
    return this.#sent({
      ...common,
      sourceId: 'src_linux',
      product: 'linux',
      category: null,
      service: 'sshd',
      channel: null,
      eventId: null,
      host: 'lx1',
      account: 'backup',
      address,
      fields,
      text,
    });
  }

  #sent(event: StoredEvent): SentEvent {
    return { event, rawBytes: Buffer.byteLength(event.text ?? JSON.stringify(event.fields)) };
  }

  /** From 0 to 1, the same for the same seed. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** From 0 to 1, small numbers most. */
  #skewed(): number {
    return this.#random() * this.#random();
  }

  #hex(digits: number): string {
    return Math.floor(this.#random() * 16 ** digits).toString(16);
  }

  #guid(): string {
    const part = (digits: number) => this.#hex(digits).padStart(digits, '0').toUpperCase();
    return `{${part(8)}-${part(4)}-${part(4)}-${part(4)}-${part(12)}}`;
  }

  #publicAddress(): string {
    return `${40 + Math.floor(this.#skewed() * 150)}.${Math.floor(this.#skewed() * 256)}.${Math.floor(this.#skewed() * 256)}.${Math.floor(this.#random() * 256)}`;
  }

  #pick(list: readonly string[]): string {
    return list[Math.floor(this.#skewed() * list.length)] ?? '';
  }
}

type Common = Pick<StoredEvent, 'id' | 'receivedAt'> & { readonly at: number };
