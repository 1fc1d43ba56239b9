import type { Endpoint } from './endpoint.ts';
import { board, signOff } from './endpoints/board.ts';
import { doctor } from './endpoints/doctor.ts';
import { drafts } from './endpoints/drafts.ts';
import { eventCounts, eventCountsSoFar, events } from './endpoints/events.ts';
import { addException, exceptions, previewException, revokeException } from './endpoints/exceptions.ts';
import { finding, findings } from './endpoints/findings.ts';
import { firstRun } from './endpoints/first-run.ts';
import { health } from './endpoints/health.ts';
import { hunts } from './endpoints/hunts.ts';
import { localRules } from './endpoints/local-rules.ts';
import { incidentActions } from './endpoints/incident-actions.ts';
import { incidentGraph } from './endpoints/incident-graph.ts';
import { incident, incidentFindings } from './endpoints/incident.ts';
import { incidents } from './endpoints/incidents.ts';
import { keeping } from './endpoints/keeping.ts';
import { live } from './endpoints/live.ts';
import { metrics } from './endpoints/metrics.ts';
import { monitoringNotice } from './endpoints/monitoring-notice.ts';
import { notices } from './endpoints/notices.ts';
import { observations } from './endpoints/observations.ts';
import { openapi } from './endpoints/openapi.ts';
import {
  beginRecordReview,
  decideRecordCase,
  recordCases,
  recordItems,
  recordReview,
} from './endpoints/record-cases.ts';
import { replaySetAside, reveal, reveals, revealSetAside } from './endpoints/reveal.ts';
import { oidc } from './endpoints/oidc.ts';
import { passkeys } from './endpoints/passkeys.ts';
import { people } from './endpoints/people.ts';
import { scans } from './endpoints/scans.ts';
import { simulation } from './endpoints/simulation.ts';
import { session } from './endpoints/session.ts';
import { rules } from './endpoints/rules.ts';
import { scope, scopeCounts } from './endpoints/scope.ts';
import { setaside } from './endpoints/setaside.ts';
import { addSource, certificate, endSource, moveSource, renewToken, sources } from './endpoints/sources.ts';
import { staffReports } from './endpoints/staff-reports.ts';
import { today } from './endpoints/today.ts';
import { trail } from './endpoints/trail.ts';
import { whoLooked } from './endpoints/who-looked.ts';

/** Everything that the API can be asked. */
export const ENDPOINTS: readonly Endpoint[] = [
  today,
  board,
  signOff,
  findings,
  finding,
  observations,
  incidents,
  incident,
  incidentFindings,
  incidentGraph,
  ...incidentActions,
  exceptions,
  previewException,
  addException,
  revokeException,
  events,
  eventCounts,
  eventCountsSoFar,
  ...hunts,
  ...localRules,
  ...rules,
  sources,
  addSource,
  endSource,
  renewToken,
  moveSource,
  certificate,
  setaside,
  revealSetAside,
  ...reveals,
  replaySetAside,
  reveal,
  scope,
  scopeCounts,
  recordCases,
  recordItems,
  decideRecordCase,
  recordReview,
  beginRecordReview,
  whoLooked,
  ...session,
  ...passkeys,
  ...simulation,
  ...scans,
  ...oidc,
  ...people,
  trail,
  ...drafts,
  ...staffReports,
  ...monitoringNotice,
  doctor,
  ...keeping,
  ...firstRun,
  ...notices,
  live,
  metrics,
  health,
  openapi,
];
