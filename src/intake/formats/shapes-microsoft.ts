import { type Fields, type FieldValue, newFields } from '../../core/event.ts';
import {
  asValue,
  at,
  firstAt,
  isObject,
  type JsonObject,
  type Shape,
  type ShapedEvent,
  sourceOf,
  textAt,
} from './shape.ts';

const AUDIT = sourceOf('m365', null, 'audit');
const EXCHANGE = sourceOf('m365', null, 'exchange');
const THREATS = sourceOf('m365', null, 'threat_management');

/**
 * Microsoft 365's unified audit log: from its API, from Graph, or from a search export, where the record is text in
 * the column AuditData. Its times are UTC and do not say so.
 *
 * Source: Microsoft, “Office 365 Management Activity API schema”.
 */
export const unifiedAudit: Shape = (object) => {
  const record = withCapitals(parsedText(object['AuditData']) ?? parsedText(object['auditData']) ?? object);
  const operation = record['Operation'];
  if (typeof operation !== 'string' || (record['Workload'] === undefined && record['RecordType'] === undefined))
    return null;
  const fields = copy(record);
  const workload = textAt(record, 'Workload');
  const isThreat = workload === 'SecurityComplianceCenter';
  // Sigma's rules use the names of Defender for Cloud Apps beside those of the audit log; an alert is its own name.
  const alert = operation.startsWith('Alert') ? textAt(record, 'Name') : null;
  fields['eventName'] ??= alert === null ? operation : [operation, alert];
  fields['eventSource'] ??= asValue(workload ?? undefined);
  const result = textAt(record, 'ResultStatus');
  const isSuccess = result === null ? isThreat : /^(?:true|success|succeeded|partiallysucceeded)$/i.test(result);
  if (isSuccess || result !== null) fields['status'] ??= isSuccess ? 'success' : result;
  // The user, address and agent of a sign-in or a mailbox event stand in different places.
  fields['UserAgent'] ??= asValue(named(record['ExtendedProperties'], 'UserAgent') ?? record['ClientInfoString']);
  fields['RequestType'] ??= asValue(named(record['ExtendedProperties'], 'RequestType'));
  for (const list of [
    record['ExtendedProperties'],
    record['Parameters'],
    record['ModifiedProperties'],
    record['OperationProperties'],
  ])
    addNamed(fields, list);
  return {
    fields,
    logSource: isThreat ? THREATS : workload === 'Exchange' ? EXCHANGE : AUDIT,
    time:
      firstAt(record, ['CreationTime', 'CreationDate', 'createdDateTime']) ??
      firstAt(object, ['CreationDate', 'createdDateTime']),
    timeIsUtc: true,
  };
};

/** Some pipelines write all names in small letters. */
const CAPITALS: Readonly<Record<string, string>> = Object.fromEntries(
  'Operation Workload RecordType UserId UserKey UserType ObjectId ItemType ClientIP ResultStatus CreationTime Parameters OrganizationName ExtendedProperties ModifiedProperties OperationProperties ApplicationId AppId Directionality DeliveryAction Payload Name Id'
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
);

function withCapitals(object: JsonObject): JsonObject {
  if (object['Operation'] !== undefined || object['operation'] === undefined) return object;
  if (object['workload'] === undefined && object['recordtype'] === undefined) return object;
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      Object.hasOwn(CAPITALS, name) ? (CAPITALS[name] ?? name) : name,
      value,
    ]),
  );
}

function named(list: unknown, name: string): unknown {
  if (!Array.isArray(list)) return undefined;
  const entry = (list as readonly unknown[]).find((each) => isObject(each) && each['Name'] === name);
  return isObject(entry) ? (entry['Value'] ?? entry['NewValue']) : undefined;
}

/** `[{"Name": "ForwardTo", "Value": "…"}]` as fields of those names. */
function addNamed(fields: Fields, list: unknown): void {
  if (!Array.isArray(list)) return;
  for (const entry of list as readonly unknown[]) {
    if (!isObject(entry) || typeof entry['Name'] !== 'string' || fields[entry['Name']] !== undefined) continue;
    fields[entry['Name']] = asValue(entry['Value'] ?? entry['NewValue']);
  }
}

export function parsedText(value: unknown): JsonObject | null {
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

const SIGNINS = sourceOf('azure', null, 'signinlogs');
const AUDITS = sourceOf('azure', null, 'auditlogs');
const ACTIVITIES = sourceOf('azure', null, 'activitylogs');
const RISKS = sourceOf('azure', null, 'riskdetection');
const PIM = sourceOf('azure', null, 'pim');

const ADMINISTRATION =
  /^(?:Administrative|Policy|Security|ServiceHealth|Alert|Autoscale|Recommendation|ResourceHealth)$/i;

/**
 * Entra's sign-ins, audits and risks, and Azure's activities: as diagnostic settings export them (`category` and
 * `properties`), as Log Analytics shows them (capitals), as Graph and the portal return them, and the portal's CSV.
 */
export const entra: Shape = (object) => {
  const portal = portalExport(object);
  if (portal !== null) return portal;
  // The SDK for Python writes its names in another way.
  if (object['operation_name'] !== undefined && object['resource_id'] !== undefined)
    return entraEvent(camelCase(object), ACTIVITIES);
  const category = textAt(object, 'category') ?? textAt(object, 'Category');
  if (category !== null && /SignInLogs$/i.test(category)) return entraEvent(object, SIGNINS);
  if (category !== null && /^(?:AuditLogs|ProvisioningLogs)$/i.test(category)) return entraEvent(object, AUDITS);
  if (
    category !== null &&
    ADMINISTRATION.test(category) &&
    firstAt(object, ['operationName', 'OperationName', 'OperationNameValue']) !== undefined
  ) {
    return entraEvent(object, ACTIVITIES);
  }
  const risk =
    textAt(object, 'riskEventType') ?? textAt(object, 'RiskEventType') ?? textAt(object, 'properties.riskEventType');
  if (risk !== null) return entraEvent(object, /Alert(?:Incident|Configuration)$/.test(risk) ? PIM : RISKS);
  if (object['userPrincipalName'] !== undefined && object['appDisplayName'] !== undefined)
    return entraEvent(object, SIGNINS);
  if (object['UserPrincipalName'] !== undefined && object['ResultType'] !== undefined)
    return entraEvent(object, SIGNINS);
  if (object['activityDisplayName'] !== undefined && object['initiatedBy'] !== undefined)
    return entraEvent(object, AUDITS);
  if (object['ActivityDisplayName'] !== undefined && object['InitiatedBy'] !== undefined)
    return entraEvent(object, AUDITS);
  return (object['operationName'] !== undefined && object['resourceId'] !== undefined) ||
    object['OperationNameValue'] !== undefined
    ? entraEvent(object, ACTIVITIES)
    : null;
};

function camelCase(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

/** How an app signed in, as rules call it. */
const PROTOCOLS: Readonly<Record<string, string>> = { deviceCode: 'Device Code', ropc: 'ROPC' };

/** Every name in both spellings, because rules use both: `ResultType` and `resultType`, `Status` and `status`. */
function entraEvent(object: JsonObject, logSource: typeof SIGNINS): ShapedEvent {
  const fields = copy(object);
  const properties = parsedText(object['properties']) ?? parsedText(object['Properties']);
  // Graph's record is what diagnostic settings wrap in `properties`.
  const inner = properties ?? object;
  fields['properties'] = asValue(inner);
  if (properties !== null) for (const [name, value] of Object.entries(properties)) fields[name] ??= asValue(value);
  for (const name of [
    'TargetResources',
    'InitiatedBy',
    'DeviceDetail',
    'LocationDetails',
    'Status',
    'targetResources',
    'initiatedBy',
    'deviceDetail',
  ]) {
    // Log Analytics shows inner objects as text.
    const value = fields[name];
    if (typeof value === 'string' && /^[[{]/.test(value)) fields[name] = parsedList(value) ?? value;
  }
  for (const [name, value] of Object.entries(fields)) {
    const [first, rest] = [name.charAt(0), name.slice(1)];
    for (const twin of [first.toUpperCase() + rest, first.toLowerCase() + rest])
      if (!Object.hasOwn(fields, twin)) fields[twin] = value;
  }
  if (logSource === SIGNINS) addSignIn(fields, inner);
  if (logSource === AUDITS) addAudit(fields, inner);
  if (logSource === ACTIVITIES) addActivity(fields);
  fields['properties.message'] ??= asValue(
    PROTOCOLS[textAt(inner, 'authenticationProtocol') ?? ''] ??
      firstAt(fields, ['activityDisplayName', 'operationName', 'OperationName']),
  );
  const time = firstAt(fields, [
    'createdDateTime',
    'activityDateTime',
    'detectedDateTime',
    'eventTimestamp',
    'time',
    'TimeGenerated',
    'timeStamp',
  ]);
  return { fields, logSource, time, timeIsUtc: true };
}

function parsedList(text: string): FieldValue {
  try {
    return JSON.parse(text) as FieldValue;
  } catch {
    return null;
  }
}

function set(fields: Fields, names: readonly string[], value: unknown): void {
  if (value === undefined || value === null) return;
  for (const name of names) fields[name] ??= asValue(value);
}

function addSignIn(fields: Fields, record: JsonObject): void {
  const code = at(record, 'status.errorCode') ?? at(fields, 'Status.errorCode');
  const reason = at(record, 'status.failureReason') ?? at(fields, 'Status.failureReason');
  set(fields, ['ResultType', 'resultType'], code);
  set(fields, ['ResultDescription', 'resultDescription', 'Resultdescription', 'failure_status_reason'], reason);
  const result = textAt(fields, 'ResultType');
  const word = result === null ? null : result === '0' ? 'Success' : 'Failure';
  // The portal's word stands beside Graph's object.
  fields['Status'] = fields['status'] = [fields['Status'], word].filter(
    (value) => value !== undefined && value !== null,
  );
  set(fields, ['ActivityDetails'], 'Sign-ins');
  set(fields, ['Username', 'TargetUserName'], firstAt(fields, ['UserPrincipalName', 'UserDisplayName', 'identity']));
  set(fields, ['ClientApp'], fields['ClientAppUsed']);
  set(fields, ['callerIpAddress', 'CallerIpAddress', 'IpAddress'], fields['IPAddress'] ?? fields['ipAddress']);
  const { location } = fields;
  const country = isObject(location) ? textAt(location, 'countryOrRegion') : null;
  if (country !== null) fields['location'] = fields['Location'] = [location, country];
  const device = fields['DeviceDetail'];
  if (isObject(device)) fields['DeviceDetail.trusttype'] ??= asValue(device['trustType'] ?? '');
  const networks = fields['NetworkLocationDetails'];
  if (Array.isArray(networks)) fields['NetworkLocationDetails'] = JSON.stringify(networks);
}

function addAudit(fields: Fields, record: JsonObject): void {
  const activity = firstAt(fields, ['activityDisplayName', 'operationName']);
  set(
    fields,
    ['OperationName', 'operationName', 'ActivityDisplayName', 'activityDisplayName', 'ActivityType', 'activityType'],
    activity,
  );
  set(fields, ['Status'], fields['Result'] ?? fields['ResultType']);
  set(fields, ['failure_status_reason'], fields['ResultReason'] ?? fields['ResultDescription']);
  const who = textAt(fields, 'InitiatedBy.user.userPrincipalName') ?? textAt(fields, 'InitiatedBy.app.displayName');
  set(fields, ['Initiatedby', 'Initiatied.By'], who);
  const targets = listOf(record['targetResources'] ?? fields['TargetResources']).filter(isObject);
  const names = targets
    .map((target) => textAt(target, 'displayName') ?? textAt(target, 'userPrincipalName'))
    .filter((name) => name !== null);
  if (names.length > 0) set(fields, ['Target'], names);
  const changes = targets.flatMap((target) => listOf(target['modifiedProperties'])).filter(isObject);
  if (changes.length === 0) return;
  fields['TargetResources.ModifiedProperties.DisplayName'] ??= changes.map((change) => asValue(change['displayName']));
  fields['TargetResources.ModifiedProperties.NewValue'] ??= changes.map((change) => asValue(change['newValue']));
  // A changed property is a field too; its value is JSON in quotes.
  for (const change of changes) {
    const name = textAt(change, 'displayName');
    const value = textAt(change, 'newValue');
    if (name !== null && value !== null && !Object.hasOwn(fields, name))
      fields[name] = value.replace(/^"([^]*)"$/, '$1');
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : value === undefined || value === null ? [] : [value];
}

function addActivity(fields: Fields): void {
  const operation =
    textAt(fields, 'operationName.value') ?? textAt(fields, 'OperationNameValue') ?? textAt(fields, 'operationName');
  // Azure's own export gives an object; rules compare the text.
  if (isObject(fields['operationName'])) fields['operationName'] = fields['OperationName'] = operation;
  set(fields, ['OperationNameValue', 'operationName', 'OperationName'], operation);
  set(fields, ['ResourceProviderValue'], textAt(fields, 'resourceProviderName.value') ?? operation?.split('/')[0]);
  set(fields, ['CategoryValue'], textAt(fields, 'category.value') ?? fields['category']);
}

/** Columns of the portal's CSV → what the rules call them. */
const SIGN_IN_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  'Sign-in error code': ['ResultType', 'resultType'],
  'Failure reason': ['ResultDescription', 'resultDescription', 'Resultdescription'],
  'User agent': ['userAgent', 'UserAgent'],
  'Client app': ['ClientApp', 'ClientAppUsed'],
  'IP address': ['IPAddress', 'callerIpAddress', 'IpAddress'],
  Location: ['location'],
  Resource: ['ResourceDisplayName'],
  'Resource tenant ID': ['resourceTenantId'],
  'Home tenant ID': ['homeTenantId'],
  'Application ID': ['properties.appId', 'AppId'],
  Application: ['AppDisplayName'],
  Username: ['UserPrincipalName', 'TargetUserName'],
  'Device ID': ['DeviceDetail.deviceId', 'properties.deviceDetail.deviceId'],
  Compliant: ['DeviceDetail.isCompliant'],
  'Join Type': ['DeviceDetail.trusttype'],
  'Conditional Access': ['conditionalAccessStatus', 'ConditionalAccessStatus'],
};
const AUDIT_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  Activity: [
    'OperationName',
    'operationName',
    'ActivityDisplayName',
    'ActivityType',
    'activityType',
    'properties.message',
  ],
  Service: ['LoggedByService'],
  Category: ['category'],
  Result: ['Status', 'properties.result'],
  ResultReason: ['failure_status_reason'],
  ActorUserPrincipalName: ['Initiatedby', 'Initiatied.By', 'properties.initiatedBy'],
};
const REQUIREMENTS: Readonly<Record<string, string>> = {
  'Single-factor authentication': 'singleFactorAuthentication',
  'Multifactor authentication': 'multiFactorAuthentication',
  'Multi-factor authentication': 'multiFactorAuthentication',
};

/** The CSV that the portal's download gives; its one time column says “(UTC)”. */
function portalExport(object: JsonObject): ShapedEvent | null {
  const isSignIn =
    object['Sign-in error code'] !== undefined ||
    (object['Request ID'] !== undefined && object['Authentication requirement'] !== undefined);
  const isAudit = object['Activity'] !== undefined && object['ActorType'] !== undefined;
  if (!isSignIn && !isAudit) return null;
  const fields = copy(object);
  for (const [column, names] of Object.entries(isSignIn ? SIGN_IN_COLUMNS : AUDIT_COLUMNS))
    set(fields, names, object[column]);
  if (isSignIn) {
    const requirement =
      REQUIREMENTS[textAt(object, 'Authentication requirement') ?? ''] ?? textAt(object, 'Authentication requirement');
    set(fields, ['AuthenticationRequirement', 'properties.authenticationRequirement'], requirement);
    // A sign-in that succeeded has no error code.
    if (/^success$/i.test(textAt(object, 'Status') ?? '')) set(fields, ['ResultType', 'resultType'], '0');
    fields['DeviceDetail.deviceId'] ??= '';
    fields['DeviceDetail.trusttype'] ??= '';
    set(fields, ['ActivityDetails'], 'Sign-ins');
  } else {
    const texts = (pattern: RegExp) =>
      Object.entries(object)
        .filter(([name]) => pattern.test(name))
        .map(([, value]) => asValue(value));
    set(
      fields,
      ['Target', 'TargetResources', 'properties.targetResources'],
      texts(/^Target\d+(?:DisplayName|UserPrincipalName|ObjectId)$/),
    );
    set(fields, ['TargetResources.ModifiedProperties.DisplayName'], texts(/^Target\d+ModifiedProperty\d+Name$/));
    set(
      fields,
      ['TargetResources.ModifiedProperties.NewValue', 'TargetResources.modifiedProperties.newValue'],
      texts(/^Target\d+ModifiedProperty\d+NewValue$/),
    );
  }
  const time = firstAt(object, ['Date (UTC)', 'Date', 'date']);
  return { fields, logSource: isSignIn ? SIGNINS : AUDITS, time, timeIsUtc: object['Date (UTC)'] !== undefined };
}
