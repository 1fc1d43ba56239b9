import { type Fields, newFields } from '../../core/event.ts';
import { asFields, asValue, at, firstAt, isObject, type Shape, sourceOf, textAt } from './shape.ts';
import { addProxyNames, addZeekNames } from './sigma-names.ts';

const SURICATA_ALERT = sourceOf('suricata', null, 'alert');

/** Suricata's EVE: the event type is the service; DNS and HTTP are also of Sigma's generic categories. */
const suricata: Shape = (object) => {
  const type = object['event_type'];
  if (
    typeof type !== 'string' ||
    (object['flow_id'] === undefined && object['src_ip'] === undefined && type !== 'stats')
  )
    return null;
  const logSource =
    type === 'alert'
      ? SURICATA_ALERT
      : sourceOf('suricata', type === 'dns' ? 'dns' : type === 'http' ? 'proxy' : null, type.slice(0, 32));
  const fields = asFields(object);
  if (type === 'dns') addDns(fields, object['dns']);
  if (type === 'http' && isObject(object['http'])) {
    const { http } = object;
    const host = textAt(http, 'hostname');
    const url = textAt(http, 'url');
    fields['cs-host'] ??= asValue(host ?? undefined);
    fields['c-useragent'] ??= asValue(http['http_user_agent']);
    fields['cs-method'] ??= asValue(http['http_method']);
    fields['sc-status'] ??= asValue(http['status']);
    fields['dst_ip'] ??= asValue(object['dest_ip']);
    addProxyNames(fields, url === null || host === null || /^[a-z]+:\/\//i.test(url) ? url : `http://${host}${url}`);
  }
  return { fields, logSource, time: object['timestamp'] };
};

/** The question and the answers, in the versions of EVE's DNS so far. */
function addDns(fields: Fields, dns: unknown): void {
  if (!isObject(dns)) return;
  const [first] = Array.isArray(dns['queries']) ? (dns['queries'] as readonly unknown[]) : [];
  const question = isObject(first) ? first : dns;
  fields['query'] ??= asValue(question['rrname']);
  fields['record_type'] ??= asValue(question['rrtype']);
  const answers = Array.isArray(dns['answers'])
    ? (dns['answers'] as readonly unknown[]).map((answer) => (isObject(answer) ? asValue(answer['rdata']) : undefined))
    : [];
  const texts = [...answers, asValue(dns['rdata'])].filter((answer) => answer !== undefined);
  if (texts.length > 0) fields['answer'] ??= texts;
}

/** What a Zeek log is, by a field that only it has, where `_path` does not say. */
const ZEEK_MARKS: readonly (readonly [service: string, field: string])[] = [
  ['conn', 'conn_state'],
  ['dns', 'qtype_name'],
  ['dns', 'rcode_name'],
  ['http', 'status_code'],
  ['http', 'user_agent'],
  ['ssl', 'server_name'],
  ['ssl', 'cipher'],
  ['files', 'fuid'],
  ['smb_files', 'share_type'],
  ['smb_mapping', 'share_type'],
  ['dce_rpc', 'operation'],
  ['kerberos', 'request_type'],
  ['rdp', 'security_protocol'],
  ['ntlm', 'domainname'],
  ['ssh', 'auth_attempts'],
  ['x509', 'certificate.subject'],
  ['weird', 'peer'],
  ['notice', 'note'],
  ['smtp', 'mailfrom'],
  ['smtp', 'helo'],
  ['software', 'software_type'],
  ['tunnel', 'tunnel_type'],
  ['dhcp', 'msg_types'],
  ['ftp', 'arg'],
];
/** Logs that have no connection of their own: they are told by two of their fields. */
const ZEEK_UNCONNECTED: readonly (readonly [service: string, one: string, other: string])[] = [
  ['files', 'fuid', 'source'],
  ['x509', 'certificate.serial', 'certificate.subject'],
  ['pe', 'machine', 'compile_ts'],
  ['notice', 'note', 'msg'],
  ['software', 'software_type', 'host'],
  ['dhcp', 'msg_types', 'mac'],
  ['dhcp', 'uids', 'msg_types'],
];

const zeek: Shape = (object) => {
  const path = textAt(object, '_path');
  const looksLike =
    object['ts'] !== undefined &&
    (object['uid'] !== undefined || object['id.orig_h'] !== undefined || isObject(object['id']));
  const unconnected =
    object['ts'] === undefined
      ? undefined
      : ZEEK_UNCONNECTED.find(
          ([, one, other]) => at(object, one) !== undefined && at(object, other) !== undefined,
        )?.[0];
  if (path === null && !looksLike && unconnected === undefined) return null;
  const service = path ?? unconnected ?? ZEEK_MARKS.find(([, field]) => at(object, field) !== undefined)?.[0] ?? null;
  const fields = asFields(object);
  addZeekNames(fields, service);
  return { fields, logSource: zeekSource(service), time: object['ts'] };
};

export function zeekSource(service: string | null) {
  const category = service === 'dns' ? 'dns' : service === 'http' ? 'proxy' : null;
  return sourceOf('zeek', category, service === null ? null : service.slice(0, 64));
}

/** OCSF: rules are written for Sigma's names, so the classes that have some are given those too. */
const OCSF_CLASSES: Readonly<
  Record<number, { category: string | null; service: string | null; names: Readonly<Record<string, string>> }>
> = {
  1001: {
    category: 'file_event',
    service: null,
    names: { TargetFilename: 'file.path', Image: 'actor.process.file.path' },
  },
  1007: {
    category: 'process_creation',
    service: null,
    names: {
      Image: 'process.file.path',
      CommandLine: 'process.cmd_line',
      ParentImage: 'actor.process.file.path',
      ParentCommandLine: 'actor.process.cmd_line',
      User: 'actor.user.name',
      ProcessId: 'process.pid',
    },
  },
  4001: {
    category: 'network_connection',
    service: null,
    names: {
      SourceIp: 'src_endpoint.ip',
      SourcePort: 'src_endpoint.port',
      DestinationIp: 'dst_endpoint.ip',
      DestinationPort: 'dst_endpoint.port',
      DestinationHostname: 'dst_endpoint.hostname',
    },
  },
  4003: {
    category: 'dns',
    service: null,
    names: { query: 'query.hostname', record_type: 'query.type', QueryName: 'query.hostname' },
  },
};

const ocsf: Shape = (object) => {
  const id = object['class_uid'];
  if (
    typeof id !== 'number' ||
    (object['category_uid'] === undefined && object['activity_id'] === undefined && object['metadata'] === undefined)
  )
    return null;
  const fields = Object.assign(newFields(), object);
  const known = OCSF_CLASSES[id];
  const product = (textAt(object, 'device.os.name') ?? textAt(object, 'device.os.type') ?? '').toLowerCase();
  for (const [ours, theirs] of Object.entries(known?.names ?? {})) fields[ours] ??= asValue(at(object, theirs));
  const os = product.includes('windows')
    ? 'windows'
    : product.includes('linux')
      ? 'linux'
      : product.includes('mac')
        ? 'macos'
        : null;
  return {
    fields,
    logSource:
      known === undefined
        ? sourceOf('ocsf', null, textAt(object, 'class_name')?.toLowerCase().replaceAll(' ', '_') ?? null)
        : sourceOf(os, known.category, known.service),
    time: firstAt(object, ['time', 'time_dt', 'metadata.logged_time']),
  };
};

/** ECS process, file and network events of a host agent (Auditbeat, Elastic Agent). */
const ecs: Shape = (object) => {
  const category = firstAt(object, ['event.category']);
  const words = Array.isArray(category) ? category.map(String) : typeof category === 'string' ? [category] : [];
  if (words.length === 0 || at(object, '@timestamp') === undefined) return null;
  const fields = Object.assign(newFields(), object);
  const names: Readonly<Record<string, string>> = words.includes('process')
    ? {
        Image: 'process.executable',
        CommandLine: 'process.command_line',
        ParentImage: 'process.parent.executable',
        ParentCommandLine: 'process.parent.command_line',
        User: 'user.name',
        ProcessId: 'process.pid',
        CurrentDirectory: 'process.working_directory',
        OriginalFileName: 'process.pe.original_file_name',
      }
    : words.includes('file')
      ? { TargetFilename: 'file.path', Image: 'process.executable' }
      : {
          SourceIp: 'source.ip',
          DestinationIp: 'destination.ip',
          DestinationPort: 'destination.port',
          Image: 'process.executable',
        };
  for (const [ours, theirs] of Object.entries(names)) fields[ours] ??= asValue(at(object, theirs));
  const os = textAt(object, 'host.os.type') ?? textAt(object, 'host.os.family');
  const product = os === null ? null : os === 'windows' || os === 'macos' ? os : os === 'darwin' ? 'macos' : 'linux';
  const sigma = words.includes('process')
    ? 'process_creation'
    : words.includes('file')
      ? 'file_event'
      : words.includes('network')
        ? 'network_connection'
        : null;
  return { fields, logSource: sourceOf(product, sigma, null), time: at(object, '@timestamp') };
};

/** systemd's journal as JSON: the unit or program is Sigma's service. */
const journal: Shape = (object) => {
  const at = object['__REALTIME_TIMESTAMP'];
  if (at === undefined) return null;
  const program = textAt(object, 'SYSLOG_IDENTIFIER') ?? textAt(object, '_COMM');
  const fields = Object.assign(newFields(), object);
  fields['Message'] ??= asValue(object['MESSAGE']);
  fields['Hostname'] ??= asValue(object['_HOSTNAME']);
  return {
    fields,
    logSource: sourceOf('linux', null, program === null ? 'syslog' : program.slice(0, 64)),
    time: typeof at === 'string' ? Number(at) / 1000 : at,
  };
};

const docker: Shape = (object) =>
  typeof object['log'] === 'string' && object['stream'] !== undefined && object['time'] !== undefined
    ? { fields: asFields(object), logSource: sourceOf('linux', null, 'docker'), time: object['time'] }
    : null;

const WAZUH_ALERT = sourceOf('wazuh', 'alert', null);

/** An alert of Wazuh (alerts.json): what it watches is the agent, by whose machine the alert is known. */
const wazuh: Shape = (object) => {
  const { rule, agent, decoder } = object;
  if (!isObject(rule) || !isObject(agent) || rule['description'] === undefined || rule['level'] === undefined)
    return null;
  if (!isObject(decoder) && object['manager'] === undefined) return null;
  const fields = asFields(object);
  fields['hostname'] ??= asValue(agent['name']);
  fields['address'] ??= asValue(textAt(object, 'data.srcip') ?? undefined);
  return { fields, logSource: WAZUH_ALERT, time: object['timestamp'] };
};

export const networkShapes: readonly Shape[] = [suricata, wazuh, zeek, ocsf, journal, docker, ecs];
