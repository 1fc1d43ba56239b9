/**
 * An event of each product that writes JSON, XML or a table, made up after its own documentation, with what must be
 * read in it. All are of 09:49 UTC on 2 July 2026. `fields` are looked up as a rule does, so a dotted name may lead into an object.
 */
export interface ShapeSample {
  readonly what: string;
  readonly text: string;
  readonly format: string;
  /** `product/category/service`. */
  readonly source: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const AT = '2026-07-02T09:49:00';
const json = (value: unknown) => `${JSON.stringify(value)}\n`;
const audit = {
  CreationTime: AT,
  Id: '1',
  Operation: 'New-InboxRule',
  RecordType: 1,
  ResultStatus: 'True',
  UserId: 'kim@nhs.example',
  Workload: 'Exchange',
  ObjectId: 'kim\\rule',
  ClientIP: '203.0.113.9',
  Parameters: [
    { Name: 'MoveToFolder', Value: 'RSS' },
    { Name: 'ForwardTo', Value: 'x@a.example' },
  ],
};
const signIn = {
  id: '1',
  createdDateTime: `${AT}Z`,
  userPrincipalName: 'kim@nhs.example',
  appDisplayName: 'Portal',
  appId: 'a',
  ipAddress: '203.0.113.9',
  clientAppUsed: 'IMAP',
  userAgent: 'BAV2ROPC',
  authenticationRequirement: 'singleFactorAuthentication',
  authenticationProtocol: 'ropc',
  conditionalAccessStatus: 'notApplied',
  riskState: 'atRisk',
  resourceDisplayName: 'Graph',
  status: { errorCode: 50126, failureReason: 'Invalid username or password.' },
  deviceDetail: { deviceId: '', trustType: null, isCompliant: false },
  location: { city: 'London', countryOrRegion: 'GB' },
};
const entraAudit = {
  id: '2',
  category: 'RoleManagement',
  result: 'success',
  activityDisplayName: 'Add member to role',
  activityDateTime: `${AT}Z`,
  loggedByService: 'Core Directory',
  initiatedBy: { user: { userPrincipalName: 'kim@nhs.example' } },
  targetResources: [
    {
      id: 't',
      displayName: 'Lee',
      type: 'User',
      modifiedProperties: [{ displayName: 'Role.DisplayName', oldValue: null, newValue: '"Global Administrator"' }],
    },
  ],
};
const process4688 = {
  EventID: 4688,
  Channel: 'Security',
  Computer: 'pc1',
  NewProcessName: 'C:\\a.exe',
  CommandLine: 'a -x',
  EventTime: `${AT}Z`,
};
const xmlEvent = `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>4688</EventID><TimeCreated SystemTime='${AT}.000Z'/><Channel>Security</Channel><Computer>pc1</Computer></System><EventData><Data Name='NewProcessName'>C:\\a.exe</Data><Data Name='CommandLine'>a -x</Data></EventData></Event>`;
const message4688 =
  'A new process has been created.\r\n\r\nCreator Subject:\r\n\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tPC1$\r\n\tAccount Domain:\t\tNHS\r\n\tLogon ID:\t\t0x3E7\r\n\r\nTarget Subject:\r\n\tSecurity ID:\t\tS-1-0-0\r\n\tAccount Name:\t\t-\r\n\r\nProcess Information:\r\n\tNew Process ID:\t\t0x4d2\r\n\tNew Process Name:\tC:\\a.exe\r\n\tProcess Command Line:\ta  -x\r\n\r\nToken Elevation Type indicates the type of token.';
const windows = { Channel: 'Security', NewProcessName: 'C:\\a.exe', CommandLine: 'a -x' };

export const SHAPE_SAMPLES: readonly ShapeSample[] = [
  {
    what: 'M365 from its API',
    text: json(audit),
    format: 'json',
    source: 'm365//exchange',
    fields: {
      Operation: 'New-InboxRule',
      eventName: 'New-InboxRule',
      eventSource: 'Exchange',
      status: 'success',
      ForwardTo: 'x@a.example',
    },
  },
  {
    what: 'M365 as a table',
    text: `RecordId,CreationDate,RecordType,Operation,UserId,AuditData\r\n1,${AT}.0000000Z,1,New-InboxRule,kim@nhs.example,"${JSON.stringify(audit).replaceAll('"', '""')}"\r\n`,
    format: 'csv',
    source: 'm365//exchange',
    fields: { Operation: 'New-InboxRule', UserId: 'kim@nhs.example', MoveToFolder: 'RSS' },
  },
  {
    what: 'M365 from PowerShell',
    text: json([
      {
        RecordType: 'ExchangeAdmin',
        CreationDate: '/Date(1782985740000)/',
        UserIds: 'kim@nhs.example',
        Operations: 'New-InboxRule',
        AuditData: JSON.stringify(audit),
      },
    ]),
    format: 'json',
    source: 'm365//exchange',
    fields: { Operation: 'New-InboxRule' },
  },
  {
    what: 'M365 from Graph',
    text: json({
      value: [
        {
          id: '1',
          createdDateTime: `${AT}Z`,
          auditLogRecordType: 'ExchangeAdmin',
          operation: 'New-InboxRule',
          service: 'Exchange',
          auditData: audit,
        },
      ],
    }),
    format: 'json',
    source: 'm365//exchange',
    fields: { Operation: 'New-InboxRule' },
  },
  {
    what: 'M365 in small letters',
    text: json(Object.fromEntries(Object.entries(audit).map(([name, value]) => [name.toLowerCase(), value]))),
    format: 'json',
    source: 'm365//exchange',
    fields: { Operation: 'New-InboxRule', status: 'success', ForwardTo: 'x@a.example' },
  },
  {
    what: 'M365 alert',
    text: json({
      CreationTime: AT,
      Id: '3',
      Operation: 'AlertTriggered',
      RecordType: 40,
      Workload: 'SecurityComplianceCenter',
      Name: 'Impossible travel activity',
      UserId: 'SecurityComplianceAlerts',
    }),
    format: 'json',
    source: 'm365//threat_management',
    fields: {
      eventName: ['AlertTriggered', 'Impossible travel activity'],
      eventSource: 'SecurityComplianceCenter',
      status: 'success',
    },
  },
  {
    what: 'Entra sign-in from the portal or Graph',
    text: json([signIn]),
    format: 'json',
    source: 'azure//signinlogs',
    fields: {
      ResultType: 50126,
      ResultDescription: 'Invalid username or password.',
      'properties.appId': 'a',
      'properties.message': 'ROPC',
      ClientApp: 'IMAP',
      AuthenticationRequirement: 'singleFactorAuthentication',
      RiskState: 'atRisk',
      'DeviceDetail.trusttype': '',
      'DeviceDetail.deviceId': '',
      'DeviceDetail.isCompliant': false,
      userAgent: 'BAV2ROPC',
      ResourceDisplayName: 'Graph',
      Username: 'kim@nhs.example',
    },
  },
  {
    what: 'Entra sign-in from diagnostic settings',
    text: json({
      records: [
        {
          time: `${AT}Z`,
          category: 'SignInLogs',
          operationName: 'Sign-in activity',
          resultType: '50126',
          resultDescription: 'Invalid username or password.',
          callerIpAddress: '203.0.113.9',
          location: 'GB',
          properties: signIn,
        },
      ],
    }),
    format: 'json',
    source: 'azure//signinlogs',
    fields: {
      ResultType: '50126',
      resultType: '50126',
      location: 'GB',
      callerIpAddress: '203.0.113.9',
      'properties.authenticationRequirement': 'singleFactorAuthentication',
      'properties.deviceDetail.deviceId': '',
    },
  },
  {
    what: 'Entra sign-in from Log Analytics',
    text: json({
      TimeGenerated: `${AT}Z`,
      Category: 'SignInLogs',
      OperationName: 'Sign-in activity',
      ResultType: '50057',
      ResultDescription: 'User account is disabled.',
      UserPrincipalName: 'kim@nhs.example',
      AppDisplayName: 'Portal',
      DeviceDetail: '{"deviceId":"","trustType":""}',
      LocationDetails: '{"city":"London"}',
      NetworkLocationDetails: '[]',
    }),
    format: 'json',
    source: 'azure//signinlogs',
    fields: {
      ResultType: '50057',
      resultType: '50057',
      'DeviceDetail.deviceId': '',
      'LocationDetails.city': 'London',
      NetworkLocationDetails: '[]',
    },
  },
  {
    what: 'Entra sign-ins as the portal’s table',
    text: `Date (UTC),Request ID,User agent,User,Username,Application,Application ID,Resource,IP address,Location,Status,Sign-in error code,Failure reason,Client app,Device ID,Compliant,Join Type,Authentication requirement,Conditional Access\r\n${AT}Z,1,BAV2ROPC,Kim,kim@nhs.example,Portal,a,Graph,203.0.113.9,"London, GB",Failure,50126,Invalid username,IMAP,,,,Single-factor authentication,Not Applied\r\n`,
    format: 'csv',
    source: 'azure//signinlogs',
    fields: {
      ResultType: '50126',
      Status: 'Failure',
      ClientApp: 'IMAP',
      AuthenticationRequirement: 'singleFactorAuthentication',
      location: 'London, GB',
      'DeviceDetail.deviceId': '',
      userAgent: 'BAV2ROPC',
    },
  },
  {
    what: 'Entra audit from Graph',
    text: json(entraAudit),
    format: 'json',
    source: 'azure//auditlogs',
    fields: {
      OperationName: 'Add member to role',
      operationName: 'Add member to role',
      'properties.message': 'Add member to role',
      Category: 'RoleManagement',
      LoggedByService: 'Core Directory',
      Status: 'success',
      'properties.result': 'success',
      'targetResources.type': ['User'],
      'TargetResources.ModifiedProperties.DisplayName': ['Role.DisplayName'],
      'Role.DisplayName': 'Global Administrator',
      Initiatedby: 'kim@nhs.example',
    },
  },
  {
    what: 'Entra audit from diagnostic settings',
    text: json({
      time: `${AT}Z`,
      category: 'AuditLogs',
      operationName: 'Add member to role',
      resultType: '',
      properties: entraAudit,
    }),
    format: 'json',
    source: 'azure//auditlogs',
    fields: {
      operationName: 'Add member to role',
      'properties.message': 'Add member to role',
      'properties.result': 'success',
    },
  },
  {
    what: 'Entra audit as the portal’s table',
    text: `Date (UTC),CorrelationId,Service,Category,Activity,Result,ResultReason,ActorType,ActorUserPrincipalName,Target1DisplayName,Target1ModifiedProperty1Name,Target1ModifiedProperty1NewValue\n${AT}Z,1,Core Directory,RoleManagement,Add member to role,success,,User,kim@nhs.example,Lee,Role.DisplayName,Global Administrator\n`,
    format: 'csv',
    source: 'azure//auditlogs',
    fields: {
      OperationName: 'Add member to role',
      LoggedByService: 'Core Directory',
      Status: 'success',
      Target: ['Lee'],
      'TargetResources.ModifiedProperties.NewValue': ['Global Administrator'],
    },
  },
  {
    what: 'Azure activity',
    text: json({
      time: `${AT}Z`,
      resourceId: '/SUBSCRIPTIONS/1',
      operationName: 'MICROSOFT.KEYVAULT/VAULTS/DELETE',
      category: 'Administrative',
      resultType: 'Success',
    }),
    format: 'json',
    source: 'azure//activitylogs',
    fields: {
      operationName: 'MICROSOFT.KEYVAULT/VAULTS/DELETE',
      OperationNameValue: 'MICROSOFT.KEYVAULT/VAULTS/DELETE',
      ResourceProviderValue: 'MICROSOFT.KEYVAULT',
      CategoryValue: 'Administrative',
    },
  },
  {
    what: 'Azure activity from its command line',
    text: json([
      {
        eventTimestamp: `${AT}Z`,
        resourceId: '/subscriptions/1',
        operationName: { value: 'Microsoft.KeyVault/vaults/delete', localizedValue: 'Delete' },
        category: { value: 'Administrative' },
      },
    ]),
    format: 'json',
    source: 'azure//activitylogs',
    fields: { operationName: 'Microsoft.KeyVault/vaults/delete', CategoryValue: 'Administrative' },
  },
  {
    what: 'PIM alert',
    text: json({ riskEventType: 'staleSignInAlertIncident', detectedDateTime: `${AT}Z` }),
    format: 'json',
    source: 'azure//pim',
    fields: { riskEventType: 'staleSignInAlertIncident' },
  },
  {
    what: 'CloudTrail in a file',
    text: json({
      Records: [
        {
          eventVersion: '1.08',
          eventTime: `${AT}Z`,
          eventSource: 'iam.amazonaws.com',
          eventName: 'CreateUser',
          awsRegion: 'eu-west-2',
          userIdentity: { type: 'Root' },
        },
      ],
    }),
    format: 'json',
    source: 'aws//cloudtrail',
    fields: { eventName: 'CreateUser', 'userIdentity.type': 'Root' },
  },
  {
    what: 'CloudTrail through EventBridge',
    text: json({
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.iam',
      detail: {
        eventVersion: '1.08',
        eventTime: `${AT}Z`,
        eventSource: 'iam.amazonaws.com',
        eventName: 'CreateUser',
        awsRegion: 'eu-west-2',
      },
    }),
    format: 'json',
    source: 'aws//cloudtrail',
    fields: { eventName: 'CreateUser' },
  },
  {
    what: 'CloudTrail in small letters',
    text: json({
      eventtime: AT.replace('T', ' '),
      eventsource: 'iam.amazonaws.com',
      eventname: 'CreateUser',
      awsregion: 'eu-west-2',
      useridentity: { type: 'Root' },
    }),
    format: 'json',
    source: 'aws//cloudtrail',
    fields: { eventName: 'CreateUser', 'userIdentity.type': 'Root' },
  },
  {
    what: 'Okta',
    text: json({
      published: `${AT}Z`,
      eventType: 'user.mfa.factor.deactivate',
      displayMessage: 'x',
      actor: { alternateId: 'kim' },
    }),
    format: 'json',
    source: 'okta//okta',
    fields: {
      eventType: 'user.mfa.factor.deactivate',
      eventtype: 'user.mfa.factor.deactivate',
      'actor.alternateId': 'kim',
    },
  },
  {
    what: 'Google Cloud',
    text: json({
      timestamp: `${AT}Z`,
      logName: 'projects/p/logs/cloudaudit.googleapis.com%2Factivity',
      resource: { type: 'k8s_cluster' },
      protoPayload: { methodName: 'storage.buckets.delete', serviceName: 'storage.googleapis.com' },
    }),
    format: 'json',
    source: 'gcp//gcp.audit',
    fields: {
      'gcp.audit.method_name': 'storage.buckets.delete',
      'data.protoPayload.methodName': 'storage.buckets.delete',
      'data.protoPayload.resource.type': 'k8s_cluster',
    },
  },
  {
    what: 'Google Workspace sign-in',
    text: json({
      timestamp: `${AT}Z`,
      protoPayload: { serviceName: 'login.googleapis.com', metadata: { event: [{ eventName: 'suspicious_login' }] } },
    }),
    format: 'json',
    source: 'gcp//google_workspace.login',
    fields: {
      'protoPayload.metadata.event.eventName': ['suspicious_login'],
      'protoPayload.serviceName': 'login.googleapis.com',
    },
  },
  {
    what: 'Google Workspace administration',
    text: json({
      kind: 'admin#reports#activity',
      id: { time: `${AT}Z`, applicationName: 'admin' },
      events: [{ name: 'CHANGE_APPLICATION_SETTING', parameters: [{ name: 'SETTING_NAME', value: 'x' }] }],
    }),
    format: 'json',
    source: 'gcp//google_workspace.admin',
    fields: { eventService: 'admin.googleapis.com', eventName: ['CHANGE_APPLICATION_SETTING'], setting_name: 'x' },
  },
  {
    what: 'Windows, flat (NXLog)',
    text: json({ ...process4688, SourceName: 'Microsoft-Windows-Security-Auditing', Hostname: 'pc1' }),
    format: 'json',
    source: 'windows//',
    fields: windows,
  },
  {
    what: 'Windows, Winlogbeat',
    text: json({
      '@timestamp': `${AT}Z`,
      winlog: {
        channel: 'Security',
        event_id: '4688',
        provider_name: 'Microsoft-Windows-Security-Auditing',
        event_data: { NewProcessName: 'C:\\a.exe', CommandLine: 'a -x' },
      },
    }),
    format: 'json',
    source: 'windows//',
    fields: windows,
  },
  {
    what: 'Windows, Elastic’s hits',
    text: json({
      took: 1,
      timed_out: false,
      hits: {
        total: 1,
        hits: [
          {
            _index: 'i',
            _source: {
              '@timestamp': `${AT}Z`,
              winlog: {
                channel: 'Security',
                event_id: 4688,
                event_data: { NewProcessName: 'C:\\a.exe', CommandLine: 'a -x' },
              },
            },
          },
        ],
      },
    }),
    format: 'json',
    source: 'windows//',
    fields: windows,
  },
  {
    what: 'Windows, Splunk with XML',
    text: json({ preview: false, result: { _time: `${AT}Z`, host: 'pc1', _raw: xmlEvent } }),
    format: 'json',
    source: 'windows//',
    fields: windows,
  },
  {
    what: 'Windows, Splunk’s classic form',
    text: json({
      result: {
        _raw: `07/02/2026 10:49:00 AM\nLogName=Security\nEventCode=4688\nComputerName=pc1\nMessage=${message4688}`,
      },
    }),
    format: 'json',
    source: 'windows//',
    fields: { Channel: 'Security', NewProcessName: 'C:\\a.exe', CommandLine: 'a  -x', SubjectUserName: 'PC1$' },
  },
  {
    what: 'Windows, Splunk’s collector',
    text: json({ time: 1782985740, host: 'pc1', sourcetype: 'WinEventLog', event: process4688 }),
    format: 'json',
    source: 'windows//',
    fields: windows,
  },
  {
    what: 'Windows, evtx_dump',
    text: json({
      Event: {
        System: { EventID: 4688, Channel: 'Security', TimeCreated: { '#attributes': { SystemTime: `${AT}Z` } } },
        EventData: { NewProcessName: 'C:\\a.exe', CommandLine: 'a -x' },
      },
    }),
    format: 'json',
    source: 'windows//',
    fields: windows,
  },
  {
    what: 'Windows, Event Viewer’s XML',
    text: `<?xml version="1.0"?><Events>${xmlEvent}</Events>`,
    format: 'xml',
    source: 'windows//',
    fields: windows,
  },
  {
    what: 'Windows, Event Viewer’s table',
    text: `\uFEFFKeywords,Date and Time,Source,Event ID,Task Category\r\nAudit Success,02/07/2026 10:49:00,Microsoft-Windows-Security-Auditing,4688,Process Creation,"${message4688}"\r\n`,
    format: 'csv',
    source: 'windows//',
    fields: {
      Channel: 'Security',
      EventID: '4688',
      NewProcessName: 'C:\\a.exe',
      CommandLine: 'a  -x',
      SubjectUserName: 'PC1$',
    },
  },
  {
    what: 'Windows, PowerShell’s table',
    text: `#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\r\n"Message","Id","ProviderName","LogName","MachineName","TimeCreated"\r\n"${message4688}","4688","Microsoft-Windows-Security-Auditing","Security","pc1","02/07/2026 10:49:00"\r\n`,
    format: 'csv',
    source: 'windows//',
    fields: { Channel: 'Security', NewProcessName: 'C:\\a.exe', SubjectUserName: 'PC1$' },
  },
  {
    what: 'Windows, PowerShell’s JSON',
    text: json([
      {
        Id: 4688,
        LogName: 'Security',
        ProviderName: 'Microsoft-Windows-Security-Auditing',
        MachineName: 'pc1',
        TimeCreated: '/Date(1782985740000)/',
        Message: message4688,
      },
    ]),
    format: 'json',
    source: 'windows//',
    fields: { Channel: 'Security', NewProcessName: 'C:\\a.exe' },
  },
  {
    what: 'Sysmon, by its message',
    text: json([
      {
        Id: 1,
        LogName: 'Microsoft-Windows-Sysmon/Operational',
        MachineName: 'pc1',
        TimeCreated: '/Date(1782985740000)/',
        Message:
          'Process Create:\r\nRuleName: -\r\nUtcTime: 2026-07-02 09:49:00.000\r\nImage: C:\\a.exe\r\nCommandLine: a -x: y\r\nParentImage: C:\\b.exe',
      },
    ]),
    format: 'json',
    source: 'windows//',
    fields: { Image: 'C:\\a.exe', CommandLine: 'a -x: y', ParentImage: 'C:\\b.exe' },
  },
  {
    what: 'a firewall’s line inside JSON',
    text: json({
      '@timestamp': `${AT}Z`,
      message:
        '<164>%ASA-4-106023: Deny tcp src outside:203.0.113.9/50022 dst inside:10.1.2.3/23 by access-group "in" [0x0, 0x0]',
    }),
    format: 'json',
    source: 'cisco/firewall/asa',
    fields: { dst_port: '23', blocked: 'true' },
  },
  {
    what: 'JSON inside JSON',
    text: json({ '@timestamp': `${AT}Z`, message: JSON.stringify(process4688) }),
    format: 'json',
    source: 'windows//',
    fields: windows,
  },
  {
    what: 'OCSF process',
    text: json({
      class_uid: 1007,
      category_uid: 1,
      activity_id: 1,
      time: 1782985740000,
      metadata: { version: '1.3.0' },
      device: { os: { name: 'Windows' } },
      process: { cmd_line: 'a -x', pid: 7, file: { path: 'C:\\a.exe' } },
      actor: { process: { file: { path: 'C:\\b.exe' } } },
    }),
    format: 'json',
    source: 'windows/process_creation/',
    fields: { Image: 'C:\\a.exe', CommandLine: 'a -x', ParentImage: 'C:\\b.exe' },
  },
  {
    what: 'Suricata DNS',
    text: json({
      timestamp: `${AT}.000000+0000`,
      flow_id: 1,
      event_type: 'dns',
      src_ip: '10.1.2.3',
      dns: {
        version: 3,
        queries: [{ rrname: 'a.example', rrtype: 'TXT' }],
        answers: [{ rrname: 'a.example', rrtype: 'TXT', rdata: 'IEX' }],
      },
    }),
    format: 'json',
    source: 'suricata/dns/dns',
    fields: { query: 'a.example', record_type: 'TXT', answer: ['IEX'] },
  },
  {
    what: 'Suricata HTTP',
    text: json({
      timestamp: `${AT}.000000+0000`,
      flow_id: 1,
      event_type: 'http',
      src_ip: '10.1.2.3',
      dest_ip: '203.0.113.9',
      http: { hostname: 'a.example', url: '/x.exe?y=1', http_user_agent: 'u', http_method: 'GET', status: 200 },
    }),
    format: 'json',
    source: 'suricata/proxy/http',
    fields: {
      'c-uri': 'http://a.example/x.exe?y=1',
      'c-uri-extension': 'exe',
      'c-uri-query': 'y=1',
      'cs-host': 'a.example',
      'c-useragent': 'u',
      dst_ip: '203.0.113.9',
    },
  },
  {
    what: 'Zeek HTTP in JSON',
    text: json({
      ts: 1782985740,
      uid: 'C1',
      'id.orig_h': '10.1.2.3',
      'id.resp_h': '203.0.113.9',
      method: 'GET',
      host: 'a.example',
      uri: '/x.exe',
      user_agent: 'u',
      status_code: 200,
    }),
    format: 'json',
    source: 'zeek/proxy/http',
    fields: {
      user_agent: 'u',
      'c-useragent': 'u',
      'c-uri': 'http://a.example/x.exe',
      'c-uri-extension': 'exe',
      'cs-method': 'GET',
    },
  },
  {
    what: 'Zeek DNS in tabs',
    text: '#separator \\x09\n#set_separator\t,\n#path\tdns\n#fields\tts\tuid\tquery\tqtype_name\tanswers\n#types\ttime\tstring\tstring\tstring\tvector[string]\n1782985740.0\tC1\ta.example\tTXT\tIEX,x\n',
    format: 'zeek-tsv',
    source: 'zeek/dns/dns',
    fields: { query: 'a.example', record_type: 'TXT', answer: ['IEX', 'x'] },
  },
  {
    what: 'IIS',
    text: `#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status\r\n${AT.replace('T', ' ')} 10.1.2.3 GET /owa/auth/x.js a=b 443 - 203.0.113.9 Mozilla/5.0+(x) - 200\r\n`,
    format: 'w3c',
    source: 'windows/webserver/iis',
    fields: {
      'cs-uri-stem': '/owa/auth/x.js',
      'cs-uri-query': ['a=b', '/owa/auth/x.js?a=b'],
      'cs-user-agent': 'Mozilla/5.0 (x)',
      'c-ip': '203.0.113.9',
      'sc-status': '200',
    },
  },
  {
    what: 'Apache',
    text: `203.0.113.9 - - [02/Jul/2026:09:49:00 +0000] "GET /cgi-bin/.%2e/bin/sh HTTP/1.1" 200 12 "-" "curl/8"\n`,
    format: 'access-log',
    source: '/webserver/',
    fields: {
      'cs-uri-query': '/cgi-bin/.%2e/bin/sh',
      'cs-uri-stem': '/cgi-bin/.%2e/bin/sh',
      'cs-method': 'GET',
      'c-ip': '203.0.113.9',
      'cs-user-agent': 'curl/8',
    },
  },
  {
    what: 'nginx with more at the end',
    text: `203.0.113.9 - kim [02/Jul/2026:09:49:00 +0000] "POST /a?b=c HTTP/2.0" 403 12 "https://a.example/" "curl/8" "10.1.2.3" 0.005\n`,
    format: 'access-log',
    source: '/webserver/',
    fields: { 'cs-uri-query': ['b=c', '/a?b=c'], 'cs-username': 'kim', 'cs-referer': 'https://a.example/' },
  },
  {
    what: 'Squid’s combined form',
    text: `10.1.2.3 - - [02/Jul/2026:09:49:00 +0000] "GET http://a.example/x.exe HTTP/1.1" 200 12 "-" "u" TCP_MISS:HIER_DIRECT\n`,
    format: 'access-log',
    source: '/proxy/',
    fields: { 'c-uri': 'http://a.example/x.exe', 'cs-host': 'a.example', 'c-useragent': 'u', 'c-uri-extension': 'exe' },
  },
  {
    what: 'a proxy in W3C’s form',
    text: `#Software: SGOS 7.3\n#Fields: date time c-ip cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs(User-Agent) sc-status s-action\n${AT.replace('T', ' ')} 10.1.2.3 GET http a.example 8080 /x.exe ?y=1 "u v" 200 TCP_MISS\n`,
    format: 'w3c',
    source: '/proxy/',
    fields: {
      'c-uri': 'http://a.example:8080/x.exe?y=1',
      'c-useragent': 'u v',
      'cs-host': 'a.example',
      'c-uri-extension': 'exe',
    },
  },
  {
    what: 'sudo',
    text: `Jul  2 10:49:00 web1 sudo[12]:      kim : TTY=pts/0 ; PWD=/home/kim ; USER=#-1 ; COMMAND=/usr/bin/id -u; x\n`,
    format: 'syslog',
    source: 'linux//sudo',
    fields: { USER: '#-1', COMMAND: '/usr/bin/id -u; x', user: 'kim' },
  },
];
