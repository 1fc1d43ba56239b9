import { type Fields, newFields } from '../../core/event.ts';
import { asFields, asValue, at, firstAt, isObject, type JsonObject, type Shape, sourceOf, textAt } from './shape.ts';

const CLOUDTRAIL = sourceOf('aws', null, 'cloudtrail');
const M365 = sourceOf('m365', null, 'audit');
const THREATS = sourceOf('m365', null, 'threat_management');
const SIGNINS = sourceOf('azure', null, 'signinlogs');
const AUDITS = sourceOf('azure', null, 'auditlogs');
const ACTIVITIES = sourceOf('azure', null, 'activitylogs');
const RISKS = sourceOf('azure', null, 'riskdetection');
const OKTA = sourceOf('okta', null, 'okta');
const GCP = sourceOf('gcp', null, 'gcp.audit');
const WORKSPACE = sourceOf('gcp', null, 'google_workspace.admin');
const WORKSPACE_LOGIN = sourceOf('gcp', null, 'google_workspace.login');
const GITHUB = sourceOf('github', null, 'audit');
const KUBERNETES = sourceOf('kubernetes', 'application', 'audit');

const cloudTrail: Shape = (object) => {
  if (typeof object['eventSource'] !== 'string' || typeof object['eventName'] !== 'string') return null;
  if (
    object['awsRegion'] === undefined &&
    object['eventVersion'] === undefined &&
    !object['eventSource'].endsWith('.amazonaws.com')
  )
    return null;
  return { fields: asFields(object), logSource: CLOUDTRAIL, time: object['eventTime'] };
};

/** Microsoft 365's unified audit log, from its API, its search export or a CSV's AuditData. */
const unifiedAudit: Shape = (object) => {
  const inner = parsedText(object['AuditData']) ?? object;
  if (typeof inner['Operation'] !== 'string' || (inner['Workload'] === undefined && inner['RecordType'] === undefined))
    return null;
  const fields = copy(inner);
  // Sigma's rules use the names of Microsoft's newer schema.
  fields['eventName'] ??= asValue(inner['Operation']);
  fields['eventSource'] ??= asValue(inner['Workload']);
  fields['status'] ??= asValue(inner['ResultStatus']);
  for (const list of [inner['ExtendedProperties'], inner['Parameters'], inner['ModifiedProperties']])
    addNamed(fields, list);
  const isThreat = inner['Workload'] === 'SecurityComplianceCenter';
  return { fields, logSource: isThreat ? THREATS : M365, time: firstAt(inner, ['CreationTime', 'CreationDate']) };
};

/** `[{"Name": "ForwardTo", "Value": "…"}]` as fields of those names. */
function addNamed(fields: Fields, list: unknown): void {
  if (!Array.isArray(list)) return;
  for (const entry of list as readonly unknown[]) {
    if (!isObject(entry) || typeof entry['Name'] !== 'string' || fields[entry['Name']] !== undefined) continue;
    fields[entry['Name']] = asValue(entry['Value'] ?? entry['NewValue']);
  }
}

function parsedText(value: unknown): JsonObject | null {
  if (isObject(value)) return value;
  if (typeof value !== 'string' || !value.startsWith('{')) return null;
  try {
    const parsed: unknown = JSON.parse(value);
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

function copy(object: JsonObject): Fields {
  return Object.assign(newFields(), object);
}

/** Entra's logs, as Log Analytics exports them (`category` and `properties`) and as Graph returns them. */
const entra: Shape = (object) => {
  const category = textAt(object, 'category') ?? textAt(object, 'Category');
  if (category !== null && /SignInLogs$/i.test(category)) return entraEvent(object, SIGNINS);
  if (category !== null && /^(?:AuditLogs|ProvisioningLogs)$/i.test(category)) return entraEvent(object, AUDITS);
  if (
    category !== null &&
    /^(?:Administrative|Policy|Security|ServiceHealth|Alert|Autoscale|Recommendation|ResourceHealth)$/i.test(
      category,
    ) &&
    textAt(object, 'operationName') !== null
  ) {
    return entraEvent(object, ACTIVITIES);
  }
  if (object['riskEventType'] !== undefined || object['RiskEventType'] !== undefined) return entraEvent(object, RISKS);
  if (object['userPrincipalName'] !== undefined && object['appDisplayName'] !== undefined)
    return entraEvent(object, SIGNINS);
  if (object['UserPrincipalName'] !== undefined && object['ResultType'] !== undefined)
    return entraEvent(object, SIGNINS);
  if (object['activityDisplayName'] !== undefined && object['initiatedBy'] !== undefined)
    return entraEvent(object, AUDITS);
  return object['operationName'] !== undefined && object['resourceId'] !== undefined
    ? entraEvent(object, ACTIVITIES)
    : null;
};

/** Both spellings of each name, because rules use both: `ResultType` and `status.errorCode`, `Status` and `status`. */
function entraEvent(object: JsonObject, logSource: typeof SIGNINS) {
  const fields = copy(object);
  const properties = parsedText(object['properties']);
  if (properties !== null) {
    fields['properties'] = asValue(properties);
    for (const [name, value] of Object.entries(properties)) fields[name] ??= asValue(value);
  }
  for (const [name, value] of Object.entries(fields)) {
    const capitalised = name.charAt(0).toUpperCase() + name.slice(1);
    if (!Object.hasOwn(fields, capitalised)) fields[capitalised] = value;
  }
  fields['ResultType'] ??= asValue(at(object, 'status.errorCode') ?? at(object, 'properties.status.errorCode'));
  fields['ResultDescription'] ??= asValue(
    at(object, 'status.failureReason') ?? at(object, 'properties.status.failureReason'),
  );
  fields['properties.message'] ??= asValue(firstAt(object, ['activityDisplayName', 'operationName', 'OperationName']));
  const time = firstAt(object, [
    'time',
    'createdDateTime',
    'activityDateTime',
    'TimeGenerated',
    'CreatedDateTime',
    'eventTimestamp',
    'detectedDateTime',
    'properties.createdDateTime',
  ]);
  return { fields, logSource, time };
}

const okta: Shape = (object) =>
  typeof object['eventType'] === 'string' && isObject(object['actor']) && object['published'] !== undefined
    ? {
        fields: withNames(object, { eventtype: 'eventType', displaymessage: 'displayMessage' }),
        logSource: OKTA,
        time: object['published'],
      }
    : null;

/** Okta's rules are written in small letters. */
function withNames(object: JsonObject, names: Readonly<Record<string, string>>): Fields {
  const fields = copy(object);
  for (const [ours, theirs] of Object.entries(names)) fields[ours] ??= asValue(object[theirs]);
  return fields;
}

const gcp: Shape = (object) => {
  if (!isObject(object['protoPayload'])) return null;
  const fields = copy(object);
  fields['gcp.audit.method_name'] = asValue(at(object, 'protoPayload.methodName'));
  fields['gcp.audit.service_name'] = asValue(at(object, 'protoPayload.serviceName'));
  fields['data'] ??= asValue({ protoPayload: object['protoPayload'] });
  return { fields, logSource: GCP, time: firstAt(object, ['timestamp', 'receiveTimestamp']) };
};

const workspace: Shape = (object) => {
  if (object['kind'] !== 'admin#reports#activity') return null;
  const isLogin = at(object, 'id.applicationName') === 'login';
  const fields = copy(object);
  const events = object['events'];
  if (Array.isArray(events))
    fields['eventName'] ??= (events as readonly unknown[]).map((event) =>
      isObject(event) ? asValue(event['name']) : null,
    );
  fields['eventService'] ??= asValue(`${textAt(object, 'id.applicationName') ?? ''}.googleapis.com`);
  return { fields, logSource: isLogin ? WORKSPACE_LOGIN : WORKSPACE, time: at(object, 'id.time') };
};

const github: Shape = (object) =>
  typeof object['action'] === 'string' &&
  object['actor'] !== undefined &&
  (object['@timestamp'] !== undefined || object['created_at'] !== undefined) &&
  (object['org'] !== undefined || object['repo'] !== undefined || object['_document_id'] !== undefined)
    ? { fields: asFields(object), logSource: GITHUB, time: firstAt(object, ['@timestamp', 'created_at']) }
    : null;

const kubernetes: Shape = (object) => {
  if (object['auditID'] === undefined || !isObject(object['objectRef'])) return null;
  return {
    fields: asFields(object),
    logSource: KUBERNETES,
    time: firstAt(object, ['requestReceivedTimestamp', 'stageTimestamp']),
  };
};

/** `{"_source": {…}}` and `{"result": {…}}` around any of these. */
const wrapped: Shape = (object) => {
  const inner = isObject(object['_source']) ? object['_source'] : isObject(object['result']) ? object['result'] : null;
  if (inner === null) return null;
  for (const shape of [cloudTrail, unifiedAudit, okta, gcp, kubernetes, entra]) {
    const found = shape(inner);
    if (found !== null) return found;
  }
  return null;
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
  wrapped,
];
