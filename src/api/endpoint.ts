import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { Finding } from '../core/finding.ts';
import type { Role } from '../core/role.ts';
import type { Desk } from '../incidents/desk.ts';
import type { Exceptions } from '../incidents/exceptions.ts';
import type { MonitoringNotices } from '../incidents/monitoring-notice.ts';
import type { Addressee, StaffReports } from '../incidents/staff-reports.ts';
import type { Incidents } from '../incidents/store.ts';
import type { NoticeDesk } from '../notices/notice-desk.ts';
import type { Check } from '../ops/checks.ts';
import type { FirstRun } from '../ops/first-run.ts';
import type { Room } from '../ops/room.ts';
import type { Keeping } from '../ops/keeping.ts';
import type { Trail } from '../ops/trail.ts';
import type { Oidc } from '../people/oidc.ts';
import type { Passkeys } from '../people/passkeys.ts';
import type { People } from '../people/people.ts';
import type { Sessions } from '../people/sessions.ts';
import type { Tokens } from '../people/tokens.ts';
import type { KeptDrafts } from '../packs/kept-drafts.ts';
import type { ScopeAnswer, ScopeQuestion } from '../records/scope-answer.ts';
import type { PrivacyMatter } from '../notices/texts.ts';
import type { IncidentQuestion } from '../watch/kept-records.ts';
import type { Reveals } from '../people/reveals.ts';
import type { SignIn } from '../people/sign-in.ts';
import type { LookLine } from '../records/who-looked.ts';
import type { EmbeddedArchive } from '../store/archive/open-archive.ts';
import type { Counters } from '../watch/counters.ts';
import type { Findings } from '../watch/findings-store.ts';
import type { Identities } from '../watch/identities.ts';
import type { LiveState } from '../watch/live-records.ts';
import type { RecordItems } from '../watch/record-items.ts';
import type { RecordCases } from '../watch/record-cases.ts';
import type { RecordReview } from '../watch/record-review.ts';
import type { SignOffs } from '../incidents/sign-offs.ts';
import type { LocalRules } from '../watch/local-rules.ts';
import type { SavedHunts } from '../watch/saved-hunts.ts';
import type { SetAsideGone, SetAsides } from '../watch/set-aside-store.ts';
import type { Reported } from '../watch/reported.ts';
import type { RuleWatch } from '../watch/rule-watch.ts';
import type { Sources } from '../watch/sources.ts';

/** What endpoints answer from. */
export interface ApiServices {
  readonly findings: Findings;
  readonly incidents: Incidents;
  readonly desk: Desk;
  readonly exceptions: Exceptions;
  readonly sources: Sources;
  /** Where each door is open, by its name in the ready line; those that are not open are left out. */
  readonly doors: () => Readonly<Record<string, string>>;
  /** The certificate that the service shows where it speaks TLS, as PEM. */
  readonly certificate: string;
  /** Since when each silent source has been silent, by id. */
  readonly silentSince: () => ReadonlyMap<string, number>;
  /** Which rules see anything here. */
  readonly ruleWatch: Pick<RuleWatch, 'list' | 'find' | 'seesAnything'>;
  readonly firstRun: FirstRun;
  readonly savedHunts: SavedHunts;
  readonly localRules: LocalRules;
  readonly signOffs: SignOffs;
  readonly drafts: KeptDrafts;
  /** What an incident is about; `null`: it names nothing to ask for. */
  readonly scopeQuestion: (incident: string) => Promise<IncidentQuestion | null>;
  readonly staffReports: StaffReports;
  /** Tells whoever is told of incidents that somebody has reported something; without its words. */
  readonly tellOfReport: (reference: string) => Promise<void>;
  /** Tells the privacy officers that something waits for them; not what. */
  readonly tellPrivacy: (matter: PrivacyMatter) => Promise<void>;
  /** Opens an incident of what staff reported. @returns its id */
  readonly openReported: (reported: Reported, addressedTo: Addressee) => Promise<string>;
  readonly monitoringNotice: MonitoringNotices;
  readonly notices: Pick<NoticeDesk, 'isFixed' | 'settings' | 'latest' | 'undelivered' | 'test' | 'change'>;
  readonly health: { report(): Promise<HealthReport> };
  readonly keeping: Keeping;
  readonly setAsides: SetAsides;
  readonly identities: Identities;
  readonly reveals: Reveals;
  readonly people: People;
  readonly tokens: Tokens;
  readonly trail: Trail;
  readonly signIn: SignIn;
  readonly sessions: Sessions;
  readonly passkeys: Passkeys;
  /** The organisation’s identity provider; `null`: there is none. */
  readonly oidc: Oidc | null;
  /** Where people open the page from other machines, as it is set up, without a slash at its end; `null`: nobody said. */
  readonly pageUrl: () => string | null;
  readonly scans: DroppedScans;
  /** The simulated hospital; `null`: this is one. */
  readonly simulation: {
    readonly since: number | null;
    readonly ended: { readonly at: number; readonly how: 'asked' | 'time' | 'broke-off' } | null;
    begin(): Promise<{ readonly name: string; readonly password: string }>;
    end(): Promise<void>;
  } | null;
  readonly recordCases: RecordCases;
  readonly recordItems: RecordItems;
  readonly liveRecords: () => LiveState;
  readonly recordReview: Pick<RecordReview, 'begin' | 'isRunning' | 'last'>;
  /** Who opened a patient’s record. @throws Refusal `records/not-found` */
  readonly whoLooked: (
    patient: string,
  ) => Promise<{ readonly looks: readonly LookLine[]; readonly text: string; readonly losses: number }>;
  /** Reads again what was set aside for a reason; `null`: for any. */
  readonly replaySetAside: (reason: string | null) => Promise<{ readonly read: number; readonly still: number }>;
  /** How many things of each source were set aside in a time. */
  readonly setAsideIn: (from: number, to: number) => Promise<readonly { source: string; count: number }[]>;
  /** How much of what was set aside went for want of room, by source. */
  readonly setAsideGone: () => Promise<readonly SetAsideGone[]>;
  /** Whose records were touched. @throws Refusal `records/busy`, `store/busy` */
  readonly scopeOf: (question: ScopeQuestion) => Promise<ScopeAnswer>;
  readonly archive: EmbeddedArchive;
  readonly counters: Counters;
  readonly now: () => number;
  /** Of times in a question that name none. */
  readonly timeZone: string;
  /** Puts up-to-date figures into the counters. */
  readonly refreshCounters: () => Promise<void>;
  /** Puts pseudonyms for what names a patient. */
  readonly pseudonymise: (text: string) => string;
  /** The pseudonym of a patient, by whatever names them. */
  readonly pseudonymOf: (patient: string) => string;
  /** How many notices could not be delivered. */
  readonly undelivered: () => Promise<number>;
  /** Parts of the service that do not work, in a word each: for the administrator's log. Empty: all is well. */
  readonly failing: () => readonly string[];
  /** The OpenAPI document. */
  readonly describe: () => object;
  /** Calls `heard` with each new finding, until the answer is called. */
  readonly onFinding: (heard: (finding: Finding) => void) => () => void;
}

/** How the service itself is. */
export interface HealthReport {
  readonly startedAt: number;
  readonly checks: readonly Check[];
  readonly room: Omit<Room, 'holds'> & {
    readonly holds: readonly (Omit<Room['holds'][number], 'sourceIds'> & {
      /** Their names; none: every source. */
      readonly sources: readonly string[];
    })[];
  };
  readonly flow: {
    /** Events since the start. */
    readonly kept: number;
    /** Of the last five minutes; `null`: not known yet. */
    readonly perSecond: number | null;
    /** Times that a source was asked to wait, since the start. */
    readonly heldBack: number;
    readonly notJudgedBytes: number;
    readonly notArchivedBytes: number;
    /** Events that a restart takes from the journal again. */
    readonly notSealed: number;
  };
}

/** Files that people drop on the page. */
export interface DroppedScans {
  add(name: string, by: string, bytes: Readable): Promise<{ readonly id: string }>;
  list(): readonly (Readonly<Record<'id' | 'name' | 'by', string>> & {
    readonly bytes: number;
    readonly at: number;
    readonly state: object;
  })[];
  report(id: string): string;
}

/** Who asks. */
export interface Caller {
  /** Of the person, or of the token. */
  readonly id: string;
  readonly roles: readonly Role[];
  /** The person or program; of a token without a name, its id. */
  readonly name: string;
  /** The token of the session that a person came with; `null`: a program. */
  readonly session: string | null;
}

/**
 * Which reports of staff and which incidents somebody may see: those about the people who look after the computers, a person
 * with the privacy role alone. A token is nobody.
 */
export function readBy(caller: Caller | null): readonly Addressee[] {
  return caller?.session != null && caller.roles.includes('privacy') ? ['it', 'privacy'] : ['it'];
}

/** What hardly any endpoint needs of a request. */
export interface Asked {
  /** Of a sign-in through the provider, from the browser’s cookie. */
  readonly begunState: string | null;
  /** Of the page that asks, as the browser says it; `null`: no browser. */
  readonly origin: string | null;
  /** From where it was asked: of the machine that is connected, or for whom a proxy on this machine says that it asks. */
  readonly address: string;
  /** By what the browser is known, from its cookie; `null`: it is not. */
  readonly browser: string | null;
  /** The body, of an endpoint that takes bytes; nothing of it has been read. */
  readonly bytes: Readable;
}

/** Who may call an endpoint: those of these roles, or `anyone`, who need not say who they are. */
export type Audience = readonly Role[] | 'anyone';

/**
 * An answer that begins a session with the caller (`session`: its token), or ends it (`null`). `knownBrowser`: by what the
 * browser is known from now on.
 */
export class SessionChange {
  readonly session: string | null;
  readonly body: object;
  readonly knownBrowser: string | null;

  constructor(session: string | null, body: object, knownBrowser: string | null = null) {
    this.session = session;
    this.body = body;
    this.knownBrowser = knownBrowser;
  }
}

/** An answer that sends the browser elsewhere, with cookies: of a session, and of a sign-in that was begun (`null` takes it away). */
export class Redirect {
  readonly to: string;
  readonly cookies: { readonly session?: string; readonly state?: string | null };

  constructor(to: string, cookies: Redirect['cookies']) {
    this.to = to;
    this.cookies = cookies;
  }
}

/** An answer that is not one JSON object: text, or pieces as they come. */
export interface Streamed {
  readonly contentType: string;
  readonly pieces: AsyncIterable<string> | readonly (string | Uint8Array)[];
}

/**
 * One thing that the API can be asked. To add one: write the file, and add it to `ENDPOINTS` in ./endpoints.ts. The
 * server, the OpenAPI document and the test of who may call what are made from that list.
 */
export interface Endpoint<Input extends z.ZodObject = z.ZodObject> {
  readonly audience: Audience;
  /** `GET` changes nothing. */
  readonly method: 'GET' | 'POST';
  /** With `:name` where a part of it is asked for. */
  readonly path: string;
  readonly summary: string;
  /**
   * What it takes: the `:name`s of the path, and for `GET` the query, for `POST` the JSON body. A body with names that
   * it does not have is refused.
   */
  readonly input: Input;
  /** True: the body is a file, as it is; what else it takes is in the query. */
  readonly takesBytes?: true;
  readonly answer: z.ZodType | string;
  /**
   * True if the call is written to the trail, whether or not it succeeds: it shows or changes what somebody may have
   * to answer for. A `POST` always is.
   */
  readonly isRecorded: boolean;
  handle(
    input: z.infer<Input>,
    services: ApiServices,
    signal: AbortSignal,
    caller: Caller | null,
    more: Asked,
  ): Promise<unknown>;
}

/** Keeps the types of one endpoint together. */
export function endpoint<Input extends z.ZodObject>(made: Endpoint<Input>): Endpoint {
  return made;
}
