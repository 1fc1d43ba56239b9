// Written by “npm run client” from the endpoints; a test holds it to them.

export interface Api {
  /** Whether it was quiet, in a sentence; at most five things to do; open incidents, silent sources, changes. */
  'GET /api/v1/today': { input: Record<string, never>; answer: { verdict: "cannot-tell" | "act" | "look" | "quiet"; sentence: string; tasks: readonly ({ what: string; why: string; how: string; minutes: number; at: { page: string; id: string | null } })[]; more: number; incidents: readonly ({ incident: { schema: "wardwatch.incident/1"; id: string; state: "new" | "investigating" | "contained" | "closed" | "merged"; actions: readonly (string)[]; level: string; title: string; owner: string | null; acknowledgedAt: string | null; outcome: "attack" | "harmless" | "misconfigured" | "duplicate" | "other" | null; addressedTo: "it" | "privacy"; openedAt: string; lastEvidenceAt: string; findings: number; links: readonly ({ kind: "host" | "account" | "address"; value: string })[]; strength: number; score: { total: number; band: "routine" | "low" | "urgent" | "emergency"; points: Readonly<Partial<Record<string, number>>>; careDepends: 0 | 2; entity: { kind: "host" | "account" | "address"; value: string } | null } }; clock: { title: string; state: string; dueAt: string | null } | null })[]; open: number; isPart: boolean; sources: readonly ({ name: string; isHeard: boolean; lastHeardAt: string | null })[]; changes: { opened: number; closed: number; findings: number; findingsBefore: number; setAside: number }; askedAt: string } };
  /** For the board: how we are, what is overdue, what happened in 30 days, what was decided. No machine, no patient. */
  'GET /api/v1/board': { input: Record<string, never>; answer: { askedAt: string; verdict: "cannot-tell" | "act" | "look" | "quiet"; sentence: string; deadlines: readonly ({ title: string; state: string; dueAt: string | null; owner: string | null })[]; openCount: number; open: { emergency: number; urgent: number; low: number; routine: number }; days: number; opened: number; outcomes: { open: number; attack: number; harmless: number; misconfigured: number; duplicate: number; other: number }; sources: { all: number; heard: number }; exceptions: { hold: number; added: number }; signOffs: readonly ({ at: string; by: string; note: string; sentence: string })[] } };
  /** A member of the board has read how things are. What they were told is kept with it. */
  'POST /api/v1/board/sign-offs': { input: { note?: string; sentence: string }; answer: { done: true } };
  /** What was found, the newest first. */
  'GET /api/v1/findings': { input: { cursor?: string; limit?: number; rule?: string }; answer: { items: readonly ({ schema: "wardwatch.finding/1"; id: string; at: string | null; plain: string; observation?: { points: number } })[]; next: string | null } };
  /** One finding whole: its sentence, what it could be innocently, next steps, evidence, rule and author. */
  'GET /api/v1/findings/:id': { input: { id: string }; answer: { finding: { id: string; kind: string; ruleId: string; title: string; level: string; techniques: readonly (string)[]; at: string | null; entities: { host?: string; account?: string; address?: string }; matched: Readonly<Partial<Record<string, string>>>; plain: string; innocent: string; next: readonly (string)[]; evidence: readonly ({ path: string; record: number; eventRecordId?: number; at: string | null; ruleId?: string })[]; author: string }; incidentId: string | null } };
  /** The early warning score of a host or an account now, and the findings that made it over time. */
  'GET /api/v1/observations': { input: { kind: "host" | "account"; value: string; days?: number }; answer: { from: string; to: string; score: { total: number; band: "routine" | "low" | "urgent" | "emergency"; points: Readonly<Partial<Record<string, number>>>; careDepends: 0 | 2 }; findings: readonly ({ id: string; at: string | null; parameter: "sign-in" | "discovery-and-credentials" | "movement" | "defences" | "data" | "impact"; points: number; closedAt: string | null; incidentId: string | null; plain: string })[] } };
  /** Findings that belong together, the newest first. */
  'GET /api/v1/incidents': { input: { cursor?: string; limit?: number }; answer: { items: readonly ({ schema: "wardwatch.incident/1"; id: string; state: "new" | "investigating" | "contained" | "closed" | "merged"; actions: readonly (string)[]; level: string; title: string; owner: string | null; acknowledgedAt: string | null; outcome: "attack" | "harmless" | "misconfigured" | "duplicate" | "other" | null; addressedTo: "it" | "privacy"; openedAt: string; lastEvidenceAt: string; findings: number; links: readonly ({ kind: "host" | "account" | "address"; value: string })[]; strength: number; score: { total: number; band: "routine" | "low" | "urgent" | "emergency"; points: Readonly<Partial<Record<string, number>>>; careDepends: 0 | 2; entity: { kind: "host" | "account" | "address"; value: string } | null } })[]; next: string | null } };
  /** One incident: its findings and points, what to do, clocks, comments and history. */
  'GET /api/v1/incidents/:id': { input: { id: string }; answer: { schema: "wardwatch.incident/1"; id: string; state: "new" | "investigating" | "contained" | "closed" | "merged"; actions: readonly (string)[]; level: string; title: string; owner: string | null; acknowledgedAt: string | null; outcome: "attack" | "harmless" | "misconfigured" | "duplicate" | "other" | null; addressedTo: "it" | "privacy"; openedAt: string; lastEvidenceAt: string; findings: number; links: readonly ({ kind: "host" | "account" | "address"; value: string })[]; strength: number; score: { total: number; band: "routine" | "low" | "urgent" | "emergency"; points: Readonly<Partial<Record<string, number>>>; careDepends: 0 | 2; entity: { kind: "host" | "account" | "address"; value: string } | null }; evidence: readonly ({ id: string; at: string | null; level: string; ruleId: string; host: string | null; account: string | null; plain: string; parameter: "sign-in" | "discovery-and-credentials" | "movement" | "defences" | "data" | "impact" | null; points: number; closedAt: string | null })[]; evidenceNext: string | null; recordsFrom: string | null; playbook: { name: string; title: string; isChosen: boolean; steps: readonly ({ id: string; what: string; why: string; who: string; done: string; doneAt: string | null; doneBy: string | null })[] }; playbooks: readonly ({ name: string; title: string })[]; clockKinds: readonly ({ kind: string; title: string; starts: string; unless: string; how: string; source: string; isUsual: boolean })[]; clocks: readonly ({ id: string; kind: string; title: string; state: "running" | "soon" | "overdue" | "met" | "late" | "not-needed"; starts: string; unless: string; how: string; source: string; startedAt: string | null; startedBy: string; dueAt: string | null; metAt: string | null; endedAt: string | null; endedBy: string | null; reason: string | null })[]; history: readonly ({ at: string | null; actor: string | null; action: string; detail: unknown })[] } };
  /** The findings of one incident, those with the most points first, then those seen first. */
  'GET /api/v1/incidents/:id/findings': { input: { cursor?: string; limit?: number; id: string }; answer: { items: readonly ({ id: string; at: string | null; level: string; ruleId: string; host: string | null; account: string | null; plain: string; parameter: "sign-in" | "discovery-and-credentials" | "movement" | "defences" | "data" | "impact" | null; points: number; closedAt: string | null })[]; next: string | null } };
  /** Which machines, accounts and addresses the findings of an incident name together, and how often. */
  'GET /api/v1/incidents/:id/graph': { input: { id: string }; answer: { edges: readonly ({ host: string | null; account: string | null; address: string | null; findings: number; points: number })[]; isWhole: boolean } };
  /** Take an incident, contain it, close it with its outcome, reopen it, or merge it into another. */
  'POST /api/v1/incidents/:id/actions': { input: { id: string; action: "take" | "contain" | "close" | "reopen" | "merge"; outcome?: "attack" | "harmless" | "misconfigured" | "duplicate" | "other"; note?: string; into?: string }; answer: { done: true } };
  /** I have seen it: nobody else need be told. */
  'POST /api/v1/incidents/:id/acknowledge': { input: { id: string }; answer: { done: true } };
  /** Write something down. Patients’ numbers become pseudonyms. */
  'POST /api/v1/incidents/:id/comments': { input: { id: string; text: string }; answer: { done: true } };
  /** A step of the playbook is done, or is not after all. */
  'POST /api/v1/incidents/:id/steps/:step': { input: { id: string; step: string; done: boolean }; answer: { done: true } };
  /** Work by another playbook. */
  'POST /api/v1/incidents/:id/playbook': { input: { id: string; playbook: string }; answer: { done: true } };
  /** Start a clock at the moment of awareness, which may be past. */
  'POST /api/v1/incidents/:id/clocks': { input: { id: string; kind: string; startedAt: string }; answer: { done: true } };
  /** End a clock: it was done, which may be past, or it need not be, for a reason. */
  'POST /api/v1/incidents/:id/clocks/:clock': { input: { id: string; clock: string; how: "met" | "not-needed"; at?: string; reason?: string }; answer: { done: true } };
  /** Lets all who work on incidents see one that the privacy officers alone saw. It cannot be taken back: what was read was read. */
  'POST /api/v1/incidents/:id/share': { input: { id: string }; answer: { done: true } };
  /** What somebody has said is normal here, the newest first. */
  'GET /api/v1/exceptions': { input: Record<string, never>; answer: { items: readonly ({ id: string; ruleId: string; host: string | null; account: string | null; reason: string; owner: string; createdAt: string | null; expiresAt: string | null; revokedAt: string | null; hidden: number })[]; next: null } };
  /** “This is normal”, tried first: what it would have hidden. */
  'POST /api/v1/exceptions/preview': { input: { ruleId: string; host?: string | null; account?: string | null }; answer: { hidden: number; examples: readonly ({ id: string; at: string | null; plain: string })[]; confirmedBad: readonly ({ id: string; incidentId: string | null; plain: string })[]; openIncidents: readonly ({ schema: "wardwatch.incident/1"; id: string; state: "new" | "investigating" | "contained" | "closed" | "merged"; actions: readonly (string)[]; level: string; title: string; owner: string | null; acknowledgedAt: string | null; outcome: "attack" | "harmless" | "misconfigured" | "duplicate" | "other" | null; addressedTo: "it" | "privacy"; openedAt: string; lastEvidenceAt: string; findings: number; links: readonly ({ kind: "host" | "account" | "address"; value: string })[]; strength: number; score: { total: number; band: "routine" | "low" | "urgent" | "emergency"; points: Readonly<Partial<Record<string, number>>>; careDepends: 0 | 2; entity: { kind: "host" | "account" | "address"; value: string } | null } })[] } };
  /** Such findings are kept and counted from now on, and open no incident, until it expires. */
  'POST /api/v1/exceptions': { input: { ruleId: string; host?: string | null; account?: string | null; reason: string; days?: number; acceptHiding?: boolean }; answer: { id: string } };
  /** It is not normal any more. */
  'POST /api/v1/exceptions/:id/revoke': { input: { id: string }; answer: { done: true } };
  /** Kept events, the newest first, one JSON object a line. Patients are pseudonyms. */
  'GET /api/v1/events': { input: { query?: string; from?: string; to?: string; limit?: number; cursor?: string }; answer: string };
  /** How many kept events a query finds, over time. A query that names no beginning is asked for a day. */
  'GET /api/v1/events/counts': { input: { query?: string }; answer: { from: string; to: string; total: number; bars: readonly ({ from: string; count: number })[] } };
  /** As /api/v1/events/counts, told while it is counted, the newest events first: one JSON object a line, each with all that is counted so far. Of times from its wholeFrom on all events are counted, of older ones some; in the last line it is the beginning. */
  'GET /api/v1/events/counts/so-far': { input: { query?: string }; answer: string };
  /** Searches that somebody has saved, for all who hunt. */
  'GET /api/v1/hunts': { input: Record<string, never>; answer: { items: readonly ({ id: string; name: string; query: string; by: string; at: string; mayRemove: boolean })[] } };
  /** Saves a search, as for /api/v1/events. Numbers of patients become pseudonyms. */
  'POST /api/v1/hunts': { input: { name: string; query: string }; answer: { id: string } };
  /** Takes a saved search away: for who saved it, and administrators. */
  'POST /api/v1/hunts/:id/remove': { input: { id: string }; answer: { done: true } };
  /** How often a rule made of this search would have fired on what is kept. */
  'POST /api/v1/local-rules/try': { input: { query: string }; answer: { days: number; fired: number; busiest: number; mostADay: number } };
  /** Makes a rule of a search: it judges each event as it comes, from now on. Numbers of patients become pseudonyms. */
  'POST /api/v1/local-rules': { input: { title: string; query: string; level: "informational" | "low" | "medium" | "high" | "critical"; parameter: "sign-in" | "discovery-and-credentials" | "movement" | "defences" | "data" | "impact"; plain: string; innocent: string; next: readonly (string)[] }; answer: { id: string } };
  /** Switches a rule that was made here off. What it found stays. */
  'POST /api/v1/local-rules/:id/end': { input: { id: string }; answer: { done: true } };
  /** Every rule: whether it runs, whether anything that comes could fire it, and how often it did. */
  'GET /api/v1/rules': { input: Record<string, never>; answer: { days: number; since: string; needs: readonly (string)[]; rules: readonly ({ key: string; title: string; level: string | null; from: "own" | "added" | "made"; state: "runs" | "blind" | "cannot-run"; needs: number | null; fired: number })[] } };
  /** Which rules have all of these words in their title, sentence, author, file, id, or what they need. */
  'GET /api/v1/rules/search': { input: { words: string }; answer: { keys: readonly (string)[] } };
  /** One rule: what it means when it fires, why it cannot run, what it needs, who wrote it, and when it fired last. */
  'GET /api/v1/rules/:key': { input: { key: string }; answer: { key: string; title: string; level: string | null; from: "own" | "added" | "made"; state: "runs" | "blind" | "cannot-run"; needs: string | null; fired: number; id: string | null; author: string; file: string; plain: string | null; detail: string | null; isSilent: boolean; lastAt: string | null; made: { query: string; by: string; at: string } | null } };
  /** Who sends logs, and when each was last heard. */
  'GET /api/v1/sources': { input: Record<string, never>; answer: { items: readonly ({ id: string; name: string; kind: string; state: string; addresses: string | null; lastHeardAt: string | null; silentSince: string | null; createdAt: string })[]; doors: Readonly<Partial<Record<string, string>>>; next: null } };
  /** Registers a source that sends. Its token is in this answer and nowhere else. */
  'POST /api/v1/sources': { input: { name: string; kind: "windows" | "syslog" | "http" | "fhir" | "hl7"; addresses?: string }; answer: { id: string; token: string } };
  /** Switches a source off: nothing of it is taken any more. What it sent stays. */
  'POST /api/v1/sources/:id/end': { input: { id: string }; answer: { done: true } };
  /** A new token for a source; the one before is worth nothing from now on. It is in this answer and nowhere else. */
  'POST /api/v1/sources/:id/token': { input: { id: string }; answer: { token: string } };
  /** From where a source of syslog or HL7 may send. */
  'POST /api/v1/sources/:id/addresses': { input: { id: string; addresses: string }; answer: { done: true } };
  /** What could not be read, the newest first. What arrived is sealed and not shown. */
  'GET /api/v1/setaside': { input: { cursor?: string; limit?: number }; answer: { items: readonly ({ id: string; sourceId: string | null; source: string | null; receivedAt: string; reason: string; detail: string; bytes: number })[]; next: string | null; gone: readonly ({ source: string | null; messages: number; firstAt: string; lastAt: string })[] } };
  /** What arrived and could not be read, as it came: it may name patients. Not where a second person has to agree. */
  'POST /api/v1/setaside/:id/reveal': { input: { id: string; reason: string }; answer: { text: string } };
  /** Requests of the last 30 days to be shown who patients are, where a second person has to agree. */
  'GET /api/v1/reveals': { input: Record<string, never>; answer: { secondPerson: boolean; items: readonly ({ id: string; askedBy: string; isMine: boolean; askedAt: string; reason: string; patients: number; setAside: string | null; state: "waiting" | "agreed" | "refused" | "over"; decidedBy: string | null; decidedAt: string | null })[] } };
  /** Asks to be shown who pseudonyms are, or what was set aside. It waits a day for another privacy officer. */
  'POST /api/v1/reveals': { input: { pseudonyms?: readonly (string)[]; setAside?: string; reason: string }; answer: { id: string } };
  /** Agrees to another’s request, or refuses it. Whoever asked may look for an hour. */
  'POST /api/v1/reveals/:id/decision': { input: { id: string; agree: boolean }; answer: { done: true } };
  /** What was asked for and agreed to, to whoever asked. Each call is recorded; what it shows is not. */
  'POST /api/v1/reveals/:id/show': { input: { id: string }; answer: { items: readonly ({ pseudonym: string; value: string | null })[]; text: string | null } };
  /** Whether a second privacy officer has to agree before anybody is shown who a patient is. */
  'GET /api/v1/reveals/policy': { input: Record<string, never>; answer: { secondPerson: boolean } };
  /** Sets it. Administrators do: those who are shown names cannot free themselves of it. */
  'POST /api/v1/reveals/policy': { input: { secondPerson: boolean; reason: string }; answer: { done: true } };
  /** Reads again what was set aside, after a parser was mended. What can be read now is kept and judged. */
  'POST /api/v1/setaside/replay': { input: { reason?: string }; answer: { read: number; still: number } };
  /** Who pseudonyms are. Each call is recorded with its reason; what it shows is not. Not where a second person has to agree. */
  'POST /api/v1/reveal': { input: { pseudonyms: readonly (string)[]; reason: string }; answer: { items: readonly ({ pseudonym: string; value: string | null })[] } };
  /** Whose records these accounts, machines and addresses touched: a line for each patient (a pseudonym), then the totals. */
  'GET /api/v1/scope': { input: { account?: string; host?: string; address?: string; from: string; to: string }; answer: string };
  /** As /api/v1/scope, the totals alone: how many patients, and what the logs cannot show. */
  'GET /api/v1/scope/counts': { input: { account?: string; host?: string; address?: string; from: string; to: string }; answer: { schema: "wardwatch.scope/1"; patients: { exact: number | null; atLeast: number; upTo: number }; accesses: number; gaps: readonly ({ kind: string })[]; hash: string; failed: number; unseen: readonly (string)[]; cannotShow: readonly (string)[] } };
  /** Looks at records that the care given does not explain, as the nightly review found them, or a first look while the day goes on; the newest first. */
  'GET /api/v1/records/cases': { input: { cursor?: string; limit?: number; below?: "true" | "false" }; answer: { items: readonly ({ schema: "wardwatch.record-case/1"; id: string; firstAt: string; firstLookAt: string | null; isProvisional: boolean; history: readonly ({ at: string; said: "first-look" | "confirmed" | "lowered" | "withdrawn" })[]; explainedAt: string | null; decision: { verdict: "explained" | "not-explained" | "undecided"; reason: string; by: string; at: string } | null; case: { schema: "wardwatch.access-case/1"; user: string; day: string; kinds: readonly (string)[]; plain: string; patients: readonly ({ patient: string; times: number; because: string })[]; innocentIf: readonly (string)[]; missing: readonly (string)[] } | { schema: "wardwatch.crowd-case/1"; patient: string; from: string; to: string; plain: string; users: readonly ({ user: string; day: string; because: string })[] } })[]; next: string | null } };
  /** Uses of break-glass, and sealed records opened without a direct relationship, as they come; the newest first. */
  'GET /api/v1/records/items': { input: { cursor?: string; limit?: number }; answer: { items: readonly ({ schema: "wardwatch.record-item/1"; id: string; firstAt: string; seenAt: string; item: { schema: "wardwatch.review-item/1"; kind: "break-glass" | "sealed"; user: string; day: string; patient: string; reason: string | null; times: number; outcome: "success" | "failure"; explained: boolean } })[]; next: string | null } };
  /** What you made of a case, and why. A later decision takes the place of an earlier one; the trail has both. */
  'POST /api/v1/records/cases/:id/decision': { input: { id: string; verdict: "explained" | "not-explained" | "undecided"; reason: string }; answer: { schema: "wardwatch.record-case/1"; id: string; firstAt: string; firstLookAt: string | null; isProvisional: boolean; history: readonly ({ at: string; said: "first-look" | "confirmed" | "lowered" | "withdrawn" })[]; explainedAt: string | null; decision: { verdict: "explained" | "not-explained" | "undecided"; reason: string; by: string; at: string } | null; case: { schema: "wardwatch.access-case/1"; user: string; day: string; kinds: readonly (string)[]; plain: string; patients: readonly ({ patient: string; times: number; because: string })[]; innocentIf: readonly (string)[]; missing: readonly (string)[] } | { schema: "wardwatch.crowd-case/1"; patient: string; from: string; to: string; plain: string; users: readonly ({ user: string; day: string; because: string })[] } } };
  /** How the last nightly review of record accesses went. */
  'GET /api/v1/records/review': { input: Record<string, never>; answer: { isRunning: boolean; live: { isFollowing: boolean; today: string | null }; last: { at: string; to: string; accesses: number; firstDay: string | null; lastDay: string | null; judgedDays: number; missing: readonly (string)[]; notReceived: readonly (string)[]; setAside: number; relationships: number; unknownLocations: readonly (string)[]; ambiguousIds: number; losses: number } | null } };
  /** Reviews now and not at night, as after relationships were added. Ask the same address by GET how it stands. */
  'POST /api/v1/records/review': { input: Record<string, never>; answer: { isRunning: boolean; live: { isFollowing: boolean; today: string | null }; last: { at: string; to: string; accesses: number; firstDay: string | null; lastDay: string | null; judgedDays: number; missing: readonly (string)[]; notReceived: readonly (string)[]; setAside: number; relationships: number; unknownLocations: readonly (string)[]; ambiguousIds: number; losses: number } | null } };
  /** Who opened this patient’s record, day by day, and whether care explains it: for a subject access request. */
  'POST /api/v1/records/who-looked': { input: { patient: string; reason: string }; answer: { looks: readonly ({ schema: "wardwatch.look/1"; day: string; from: string; to: string; user: string; role: string; department: string; accesses: number; refused: number; printed: boolean; exported: boolean; explained: "yes" | "no" | "own-record"; why: string; inCommon: string })[]; text: string; losses: number } };
  /** Who is signed in here. */
  'GET /api/v1/session': { input: Record<string, never>; answer: { person: { id: string; name: string; roles: readonly ("admin" | "analyst" | "partner" | "privacy" | "board" | "staff")[]; hasSecondFactor: boolean } | null; provider: string | null; isSimulated: boolean; isNew: boolean } };
  /** Signs a person in: the answer sets the cookie of a session. */
  'POST /api/v1/session': { input: { name: string; password: string; code?: string }; answer: { person: { id: string; name: string; roles: readonly ("admin" | "analyst" | "partner" | "privacy" | "board" | "staff")[]; hasSecondFactor: boolean } } };
  /** Whom a link is for, before it is used. */
  'POST /api/v1/invitations/look': { input: { token: string }; answer: { name: string | null } };
  /** Opens a link: sets a password, and signs in. */
  'POST /api/v1/invitations/accept': { input: { token: string; name?: string; password: string }; answer: { person: { id: string; name: string; roles: readonly ("admin" | "analyst" | "partner" | "privacy" | "board" | "staff")[]; hasSecondFactor: boolean } } };
  /** Signs out. */
  'POST /api/v1/session/end': { input: Record<string, never>; answer: { done: true } };
  /** A new secret for an authenticator app, within 15 minutes of signing in. It counts once a code of it has been given. */
  'POST /api/v1/session/second-factor': { input: Record<string, never>; answer: { secret: string; uri: string } };
  /** From here on signing in needs a code of it. Ends the person’s other sessions. */
  'POST /api/v1/session/second-factor/confirm': { input: { code: string }; answer: { done: true } };
  /** Another password of one’s own, by the one that holds (and a code, if there is a second factor). Ends the person’s other sessions. */
  'POST /api/v1/session/password': { input: { password: string; newPassword: string; code?: string }; answer: { person: { id: string; name: string; roles: readonly ("admin" | "analyst" | "partner" | "privacy" | "board" | "staff")[]; hasSecondFactor: boolean } } };
  /** One’s own passkeys. */
  'GET /api/v1/passkeys': { input: Record<string, never>; answer: { passkeys: readonly ({ id: string; madeAt: string; usedAt: string | null })[] } };
  /** Begins to make a passkey on this device, within 15 minutes of signing in. */
  'POST /api/v1/passkeys': { input: Record<string, never>; answer: { options: Readonly<Record<string, unknown>> } };
  /** Keeps the passkey that the device made. */
  'POST /api/v1/passkeys/confirm': { input: { response: { id: string; rawId: string; type: string } }; answer: { done: true } };
  /** Makes one of one’s own passkeys good for nothing. */
  'POST /api/v1/passkeys/:id/remove': { input: { id: string }; answer: { done: true } };
  /** Begins to sign in with a passkey. */
  'POST /api/v1/session/passkey': { input: Record<string, never>; answer: { options: Readonly<Record<string, unknown>> } };
  /** Signs in whose passkey it is. */
  'POST /api/v1/session/passkey/finish': { input: { response: { id: string; rawId: string; type: string } }; answer: { person: { id: string; name: string; roles: readonly ("admin" | "analyst" | "partner" | "privacy" | "board" | "staff")[]; hasSecondFactor: boolean } } };
  /** Whether the simulated hospital is there to be looked at. */
  'GET /api/v1/simulation': { input: Record<string, never>; answer: { isOffered: boolean; since: string | null; ended: { at: string; how: "asked" | "time" | "broke-off" } | null } };
  /** Starts a simulated hospital under attack, apart from everything that is kept here. It takes some seconds. */
  'POST /api/v1/simulation': { input: Record<string, never>; answer: { path: string; name: string; password: string } };
  /** Ends the simulated hospital; nothing of it stays. */
  'POST /api/v1/simulation/end': { input: Record<string, never>; answer: { done: true } };
  /** Reads a file of logs as “wardwatch scan” does, apart from all that is kept here. The body is the file. */
  'POST /api/v1/scans': { input: { name: string }; answer: { id: string } };
  /** The files that were dropped lately, and what was found in each. */
  'GET /api/v1/scans': { input: Record<string, never>; answer: { scans: readonly ({ id: string; name: string; bytes: number; by: string; at: string; state: { is: "waiting" } | { is: "reading"; part: number; events: number; findings: number } | { is: "done"; verdict: string; events: number; setAside: number; levels: { critical: number; high: number; medium: number; low: number } } | { is: "failed"; why: string } })[] } };
  /** Who may use the page, and as what. */
  'GET /api/v1/people': { input: Record<string, never>; answer: { people: readonly ({ id: string; name: string; roles: readonly ("admin" | "analyst" | "partner" | "privacy" | "board" | "staff")[]; state: "active" | "invited" | "locked" | "expired" | "ended"; hasSecondFactor: boolean; seenAt: string | null; expiresAt: string | null })[] } };
  /** Makes an account, and the link with which its owner sets a password. */
  'POST /api/v1/people': { input: { name: string; roles: readonly ("admin" | "analyst" | "partner" | "privacy" | "board" | "staff")[]; expiresAt?: string }; answer: { id: string; link: string; page: string | null } };
  /** Changes what somebody may do, from their next click on. */
  'POST /api/v1/people/:id/roles': { input: { id: string; roles: readonly ("admin" | "analyst" | "partner" | "privacy" | "board" | "staff")[] }; answer: { done: true } };
  /** A new link for somebody who cannot sign in; password, second factor and sessions are no longer good. */
  'POST /api/v1/people/:id/reset': { input: { id: string }; answer: { link: string; page: string | null } };
  /** Lets somebody try again who has to wait after wrong tries. */
  'POST /api/v1/people/:id/unlock': { input: { id: string }; answer: { done: true } };
  /** Ends an account for good, and its sessions at once. What its owner did stays on record. */
  'POST /api/v1/people/:id/end': { input: { id: string; reason: string }; answer: { done: true } };
  /** Who of our own people and programs did what, the newest first. Not what they asked for: that may be another’s business. That staff reported something, the privacy role alone sees. */
  'GET /api/v1/trail': { input: { cursor?: string; limit?: number; who?: string }; answer: { items: readonly ({ id: string; at: string; who: string; action: string })[]; next: string | null } };
  /** The incidents of which something may have to be told, the newest first; on the first page besides, those of which a deadline runs or a draft is begun. */
  'GET /api/v1/drafts': { input: { cursor?: string; limit?: number }; answer: { items: readonly ({ id: string; title: string; openedAt: string; isClosed: boolean; duties: readonly ({ title: string; state: string; dueAt: string })[]; edits: readonly ({ title: string; at: string; by: string })[] })[]; next: string | null; pressing: readonly ({ id: string; title: string; openedAt: string; isClosed: boolean; duties: readonly ({ title: string; state: string; dueAt: string })[]; edits: readonly ({ title: string; at: string; by: string })[] })[] } };
  /** Drafts of what has to be told, filled with what is known now, or as somebody has edited them; first those with a deadline that runs. */
  'GET /api/v1/incidents/:id/drafts': { input: { id: string; likelihood?: number; severity?: number }; answer: { title: string; drafts: readonly ({ name: string; title: string; isLetter: boolean; sections: readonly ({ heading: string; lines: readonly (string)[] })[] | null; changedAt: string | null; changedBy: string | null; duty: { title: string; state: string; dueAt: string } | null })[] } };
  /** Keeps a draft as edited. Numbers of patients become pseudonyms, but in a letter to them. */
  'POST /api/v1/incidents/:id/drafts/:name': { input: { id: string; name: string; sections: readonly ({ heading: string; lines: readonly (string)[] })[]; changedAt?: string | null }; answer: { done: true } };
  /** Throws what was edited away: the draft is made anew of what is known now. */
  'POST /api/v1/incidents/:id/drafts/:name/renew': { input: { id: string; name: string }; answer: { done: true } };
  /** Reports something that seemed odd. Patients are named by no more than what the words say; they are kept sealed. */
  'POST /api/v1/reports': { input: { report: string; addressedTo?: "it" | "privacy" }; answer: { id: string; reference: string } };
  /** Sends a file with a report of one’s own, once, at most 10 MB. It is kept sealed, and never opened here. */
  'POST /api/v1/reports/:id/file': { input: { id: string; fileName: string }; answer: { done: true } };
  /** What one has reported oneself, with the answers; the newest first. */
  'GET /api/v1/reports/mine': { input: Record<string, never>; answer: { items: readonly ({ id: string; reference: string; reporter: string; state: "open" | "closed"; addressedTo: "it" | "privacy"; createdAt: string; changedAt: string; messages: readonly ({ at: string; author: string; isReporter: boolean; text: string })[]; file: { name: string; bytes: number; sha256: string } | null })[] } };
  /** Says more of a report of one’s own. */
  'POST /api/v1/reports/:id/more': { input: { id: string; report: string }; answer: { done: true } };
  /** What staff have reported, the newest first. */
  'GET /api/v1/reports': { input: { cursor?: string; limit?: number }; answer: { items: readonly ({ id: string; reference: string; reporter: string; state: "open" | "closed"; addressedTo: "it" | "privacy"; createdAt: string; changedAt: string; messages: readonly ({ at: string; author: string; isReporter: boolean; text: string })[]; file: { name: string; bytes: number; sha256: string } | null; incidentId: string | null })[]; next: string | null } };
  /** Answers a report, in words that the reporter reads; closes it, or opens it again. */
  'POST /api/v1/reports/:id/answer': { input: { id: string; report: string; isClosed: boolean }; answer: { done: true } };
  /** How many reports that are addressed to the privacy officer nobody has closed. */
  'GET /api/v1/reports/waiting': { input: Record<string, never>; answer: { count: number } };
  /** Makes an incident of a report, in words of one’s own; about a machine or an account with an open incident, it joins that. Of a report that the privacy officers alone read, the incident is for them alone, and joins no other. */
  'POST /api/v1/reports/:id/open': { input: { id: string; what: string; level: "medium" | "high" | "critical"; parameter: "sign-in" | "discovery-and-credentials" | "movement" | "defences" | "data" | "impact"; host?: string; account?: string }; answer: { incident: string } };
  /** Notes with an incident that a report belongs to it. Its words stay with the report. */
  'POST /api/v1/reports/:id/incident': { input: { id: string; incident: string }; answer: { done: true } };
  /** Reads the file of a report as a dropped one is read, in a process of its own. */
  'POST /api/v1/reports/:id/scan': { input: { id: string }; answer: { id: string } };
  /** What is recorded about members of staff, why, for how long, who can see it and whom to ask. */
  'GET /api/v1/monitoring-notice': { input: Record<string, never>; answer: { source: string; urgent: string | null; sections: readonly ({ title: string; lines: readonly (readonly ({ text: string; isMissing: boolean })[])[] })[]; fields: readonly ({ id: string; label: string; value: string })[] } };
  /** Says what only the organisation knows of that notice. */
  'POST /api/v1/monitoring-notice': { input: { values: Readonly<Partial<Record<string, string>>> }; answer: { done: true } };
  /** How the service itself is: what “wardwatch doctor” says, how much room there is, and how fast things come. */
  'GET /api/v1/doctor': { input: Record<string, never>; answer: { startedAt: string; checks: readonly ({ what: string; state: "well" | "watch" | "bad"; detail: string; mend: string })[]; room: { totalBytes: number; freeBytes: number; parts: readonly ({ what: "archive" | "journal" | "rest"; bytes: number })[]; kinds: readonly ({ kind: "network" | "security" | "clinical"; keepDays: number; minimumDays: number; bytes: number; events: number; oldestAt: string | null; bytesADay: number })[]; fullInDays: number | null; measuredDays: number; holds: readonly ({ id: string; sources: readonly (string)[]; from: string | null; to: string | null; reason: string; events: number })[]; chainLines: number; head: { number: number; hash: string } }; flow: { kept: number; perSecond: number | null; heldBack: number; notJudgedBytes: number; notArchivedBytes: number; notSealed: number } } };
  /** What would be deleted by another retention, or if a legal hold were released. Changes nothing. */
  'GET /api/v1/retention/preview': { input: { network?: number; security?: number; clinical?: number; release?: string }; answer: { leaving: readonly ({ kind: "network" | "security" | "clinical"; events: number; bytes: number; receivedFrom: string | null; receivedTo: string | null })[] } };
  /** How many days each kind is kept, from now on. What is older is deleted at once, if that was accepted. */
  'POST /api/v1/retention': { input: { days: { network: number; security: number; clinical: number }; reason: string; acceptDeleting?: number }; answer: { done: true } };
  /** Keeps events of some sources, or of a time, or both, whatever their age, until it is released. */
  'POST /api/v1/holds': { input: { sources?: readonly (string)[]; from?: string | null; to?: string | null; reason: string }; answer: { id: string } };
  /** Ends a legal hold. What it alone had kept beyond its time is deleted at once, if that was accepted. */
  'POST /api/v1/holds/:id/release': { input: { id: string; reason: string; acceptDeleting?: number }; answer: { done: true } };
  /** How far setting up has come: oneself made safe, a first source, a first mail, the simulated hospice. */
  'GET /api/v1/first-run': { input: Record<string, never>; answer: { isOver: boolean; steps: readonly ({ step: "you" | "source" | "mail" | "try"; state: "to-do" | "waits" | "put-off" | "done" })[] } };
  /** Puts off a step of setting up, or leaves the whole for good. */
  'POST /api/v1/first-run': { input: { step?: "you" | "source" | "mail" | "try" }; answer: { done: true } };
  /** Who is told of incidents, how, and what became of the last notices. Never what they said, nor a password. */
  'GET /api/v1/notices': { input: Record<string, never>; answer: { isFixed: "file" | "simulated" | null; settings: { smtp: { host: string; port: number; user: string | null; hasPassword: boolean; from: string } | null; people: readonly ({ name: string; mail: string; step: number })[]; webhooks: readonly ({ host: string; form: "generic" | "teams" | "slack"; isSigned: boolean })[]; quiet: { from: string; to: string } | null; digest: string | null; serviceUrl: string | null } | null; undelivered: number; letters: readonly ({ id: string; to: string; madeAt: string; state: "sent" | "waits" | "failing" | "given-up"; at: string; tries: number })[] } };
  /** Changes who is told, and how, from the next notice on. What is left out is switched off. */
  'POST /api/v1/notices': { input: { smtp?: { host: string; port?: number; user?: string; password?: string; from: string }; people: readonly ({ name: string; mail: string; step: number })[]; webhooks: readonly ({ keep: number } | { url: string; form: "generic" | "teams" | "slack"; secret?: string })[]; quiet_hours?: { from: string; to: string }; digest?: string; url?: string }; answer: { settings: { smtp: { host: string; port: number; user: string | null; hasPassword: boolean; from: string } | null; people: readonly ({ name: string; mail: string; step: number })[]; webhooks: readonly ({ host: string; form: "generic" | "teams" | "slack"; isSigned: boolean })[]; quiet: { from: string; to: string } | null; digest: string | null; serviceUrl: string | null } | null } };
  /** Sends everybody, and every webhook, a letter that says it is a test. */
  'POST /api/v1/notices/test': { input: Record<string, never>; answer: { results: readonly ({ to: string; problem: string | null })[] } };
  /** Whether the service works: 503 if it is up and a part of it is not. Says nothing else. */
  'GET /health': { input: Record<string, never>; answer: { status: "up" } };
  /** This description, in OpenAPI 3.1. */
  'GET /api/v1/openapi.json': { input: Record<string, never>; answer: { openapi: string } };
}
