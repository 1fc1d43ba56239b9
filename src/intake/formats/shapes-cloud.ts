import { type Fields, newFields } from '../../core/event.ts';
import { entra, unifiedAudit } from './shapes-microsoft.ts';
import { asFields, asValue, at, firstAt, isObject, type JsonObject, type Shape, sourceOf, textAt } from './shape.ts';

const CLOUDTRAIL = sourceOf('aws', null, 'cloudtrail');
const OKTA = sourceOf('okta', null, 'okta');
const GCP = sourceOf('gcp', null, 'gcp.audit');
const WORKSPACE = sourceOf('gcp', null, 'google_workspace.admin');
const WORKSPACE_LOGIN = sourceOf('gcp', null, 'google_workspace.login');
const GITHUB = sourceOf('github', null, 'audit');
const KUBERNETES = sourceOf('kubernetes', 'application', 'audit');

/** Names as AWS writes them, for pipelines that make all of them small. */
const CLOUDTRAIL_NAMES =
  'eventName eventSource eventTime eventType eventVersion eventID awsRegion sourceIPAddress userAgent userIdentity requestParameters responseElements additionalEventData errorCode errorMessage recipientAccountId'.split(
    ' ',
  );

const cloudTrail: Shape = (object) => {
  const isLower = object['eventname'] !== undefined && object['awsregion'] !== undefined;
  const name = isLower ? object['eventname'] : object['eventName'];
  const source = isLower ? object['eventsource'] : object['eventSource'];
  if (typeof name !== 'string') return null;
  const isAws =
    object['awsRegion'] !== undefined ||
    object['awsregion'] !== undefined ||
    object['eventVersion'] !== undefined ||
    (typeof source === 'string' && source.endsWith('.amazonaws.com'));
  if (!isAws || (typeof source !== 'string' && object['sourceIPAddress'] === undefined)) return null;
  if (!isLower) return { fields: asFields(object), logSource: CLOUDTRAIL, time: object['eventTime'] };
  const fields = copy(object);
  for (const written of CLOUDTRAIL_NAMES) fields[written] ??= asValue(object[written.toLowerCase()]);
  return { fields, logSource: CLOUDTRAIL, time: object['eventtime'], timeIsUtc: true };
};

function copy(object: JsonObject): Fields {
  return Object.assign(newFields(), object);
}

/** Okta's rules are written in both spellings. */
const okta: Shape = (object) => {
  const type = object['eventType'] ?? object['eventtype'];
  const isLog = object['published'] !== undefined || object['legacyEventType'] !== undefined;
  if (typeof type !== 'string' || !isObject(object['actor']) || !isLog) return null;
  const fields = copy(object);
  for (const name of ['eventType', 'displayMessage', 'legacyEventType', 'debugContext', 'securityContext']) {
    const lower = name.toLowerCase();
    fields[name] ??= fields[lower];
    fields[lower] ??= fields[name];
  }
  return { fields, logSource: OKTA, time: object['published'] };
};

const gcp: Shape = (object) => {
  const payload = object['protoPayload'] ?? object['protopayload'];
  if (!isObject(payload)) return null;
  const fields = copy(object);
  fields['protoPayload'] = asValue(payload);
  // Some collectors put the entry under `data`, and what stands beside the payload into it.
  fields['data'] ??= asValue({
    protoPayload: {
      ...payload,
      resource: object['resource'],
      logName: object['logName'],
      severity: object['severity'],
    },
  });
  const time = firstAt(object, ['timestamp', 'receiveTimestamp']);
  const service = textAt(payload, 'serviceName');
  if (service === 'login.googleapis.com' || service === 'admin.googleapis.com') {
    fields['eventService'] ??= service;
    fields['protoPayload.Servicename'] ??= service;
    addWorkspaceEvents(fields, at(payload, 'metadata.event'), 'eventName', 'parameter');
    return { fields, logSource: service.startsWith('login') ? WORKSPACE_LOGIN : WORKSPACE, time };
  }
  fields['gcp.audit.method_name'] = asValue(payload['methodName']);
  fields['gcp.audit.service_name'] = asValue(service ?? undefined);
  return { fields, logSource: GCP, time };
};

/** What happened, and its parameters by the names that rules use: `SETTING_NAME` is also `setting_name`. */
function addWorkspaceEvents(fields: Fields, events: unknown, nameKey: string, parameterKey: string): void {
  const list = (Array.isArray(events) ? (events as readonly unknown[]) : [events]).filter(isObject);
  const names = list.map((event) => asValue(event[nameKey]));
  if (names.length > 0) fields['eventName'] ??= names;
  for (const event of list) {
    const parameters = event[parameterKey];
    if (!Array.isArray(parameters)) continue;
    for (const parameter of parameters as readonly unknown[]) {
      const name = isObject(parameter) ? textAt(parameter, 'name') : null;
      if (name === null || !isObject(parameter)) continue;
      const value = firstAt(parameter, ['value', 'boolValue', 'intValue', 'multiValue', 'multiStrValue']);
      for (const each of [name, name.toLowerCase()]) if (!Object.hasOwn(fields, each)) fields[each] = asValue(value);
    }
  }
}

const workspace: Shape = (object) => {
  if (object['kind'] !== 'admin#reports#activity') return null;
  const isLogin = at(object, 'id.applicationName') === 'login';
  const fields = copy(object);
  addWorkspaceEvents(fields, object['events'], 'name', 'parameters');
  fields['eventService'] ??= asValue(`${textAt(object, 'id.applicationName') ?? ''}.googleapis.com`);
  return { fields, logSource: isLogin ? WORKSPACE_LOGIN : WORKSPACE, time: at(object, 'id.time') };
};

const github: Shape = (object) => {
  const { action, actor } = object;
  if (typeof action !== 'string' || actor === undefined) return null;
  if (!['org', 'repo', 'repository', 'business', '_document_id'].some((name) => object[name] !== undefined))
    return null;
  const time = firstAt(object, ['@timestamp', 'created_at']);
  // Without a time the action's form must do: `org.invite_member`.
  if (time === undefined && !/^[a-z_]+\.[a-z_.]+$/.test(action)) return null;
  return { fields: asFields(object), logSource: GITHUB, time };
};

const kubernetes: Shape = (object) => {
  const isAudit = typeof object['apiVersion'] === 'string' && object['apiVersion'].startsWith('audit.k8s.io/');
  if (!isAudit && (object['auditID'] === undefined || !isObject(object['objectRef']))) return null;
  return {
    fields: asFields(object),
    logSource: KUBERNETES,
    time: firstAt(object, ['requestReceivedTimestamp', 'stageTimestamp']),
  };
};

export const cloudShapes: readonly Shape[] = [
  cloudTrail,
  unifiedAudit,
  okta,
  gcp,
  workspace,
  kubernetes,
  entra,
  github,
];
