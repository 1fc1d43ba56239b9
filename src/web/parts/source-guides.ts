import type { Input } from '../client/ask.ts';

export type SourceKind = Input<'POST /api/v1/sources'>['kind'];

export interface SourceGuide {
  readonly kind: SourceKind;
  readonly what: string;
  readonly usesToken: boolean;
  /** The door at which it comes in, as the ready line calls it. */
  readonly door: 'http' | 'syslogTls' | 'mllpTls';
  readonly steps: readonly string[];
  /** To be copied; `SERVER`, `PORT`, `ADDRESS` and `TOKEN` are filled in. As in docs/sources.md. */
  readonly configuration: string;
}

/** Said before it only where the service shows a certificate. */
const CERTIFICATE =
  'Download the certificate of this service (wardwatch.crt, below) and put it where the lines name it, as one to trust.';

export const GUIDES: readonly SourceGuide[] = [
  {
    kind: 'windows',
    door: 'http',
    what: 'Windows, with Winlogbeat',
    usesToken: true,
    steps: [CERTIFICATE, 'Put this into winlogbeat.yml and restart the service winlogbeat.'],
    configuration: `winlogbeat.event_logs:
  - name: Security
  - name: System
  - name: Microsoft-Windows-Sysmon/Operational
  - name: Microsoft-Windows-PowerShell/Operational
  - name: ForwardedEvents
output.elasticsearch:
  hosts: ["ADDRESS"]
  api_key: "wardwatch:TOKEN"
  ssl.certificate_authorities: ["C:/ProgramData/winlogbeat/wardwatch.crt"]
setup.template.enabled: false
setup.ilm.enabled: false`,
  },
  {
    kind: 'syslog',
    door: 'syslogTls',
    what: 'A firewall, switch or Linux machine, by syslog',
    usesToken: false,
    steps: [
      CERTIFICATE,
      'On a firewall or switch, name SERVER and that port as its syslog server. For rsyslog on Linux:',
    ],
    configuration: `global(defaultNetstreamDriverCAFile="/etc/ssl/wardwatch.crt")
action(type="omfwd" target="SERVER" port="PORT" protocol="tcp"
       StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid"
       template="RSYSLOG_SyslogProtocol23Format" TCP_Framing="octet-counted"
       queue.type="linkedlist" queue.filename="wardwatch" queue.maxDiskSpace="1g" queue.saveOnShutdown="on"
       action.resumeRetryCount="-1")`,
  },
  {
    kind: 'http',
    door: 'http',
    what: 'A program that sends JSON, or Splunk’s HTTP event collector',
    usesToken: true,
    steps: [CERTIFICATE, 'Give it this address and header. To try it from a terminal:'],
    configuration: `curl --cacert wardwatch.crt ADDRESS/services/collector \\
     -H "Authorization: Splunk TOKEN" -d '{"event":{"message":"hello from us"}}'`,
  },
  {
    kind: 'fhir',
    door: 'http',
    what: 'An electronic patient record, by FHIR AuditEvent',
    usesToken: true,
    steps: [CERTIFICATE, 'Have it POST each AuditEvent (R4 or R5), or Bundles to /fhir.'],
    configuration: `POST ADDRESS/fhir/AuditEvent
Authorization: Bearer TOKEN
Content-Type: application/fhir+json`,
  },
  {
    kind: 'hl7',
    door: 'mllpTls',
    what: 'Admissions and appointments, by HL7 v2 from an integration engine',
    usesToken: false,
    steps: [
      'They explain why somebody opened a record.',
      CERTIFICATE,
      'In the engine (Mirth, Rhapsody, Ensemble, …), add a copy of your ADT and SIU feeds with this destination:',
    ],
    configuration: `Protocol: MLLP over TLS (TCP client)
Host: SERVER
Port: PORT
Messages: ADT A01-A08, A11-A13, A28, A31, A40; SIU S12-S15, S26; ORM O01; REF I12-I14
Wait for the acknowledgement: yes (AA)`,
  },
];
