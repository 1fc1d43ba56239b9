import type { UtcMs } from '../core/event.ts';

/** The tables of the state, as `migrations/` makes them. Each is written by the folder that owns it, and by no other. */
export interface Tables {
  readonly migrations: MigrationRow;
  readonly sources: SourceRow;
  readonly tokens: TokenRow;
  readonly findings: FindingRow;
  readonly set_aside: SetAsideRow;
  readonly settings: SettingRow;
  readonly audit: AuditRow;
  readonly incidents: IncidentRow;
  readonly incident_links: IncidentLinkRow;
  readonly incident_history: IncidentHistoryRow;
  readonly source_rhythms: SourceRhythmRow;
  readonly incident_steps: IncidentStepRow;
  readonly clocks: ClockRow;
  readonly outbox: OutboxRow;
  readonly identities: IdentityRow;
  readonly exceptions: ExceptionRow;
  readonly followed_files: FollowedFileRow;
  readonly record_cases: RecordCaseRow;
  readonly record_items: RecordItemRow;
  readonly people: PersonRow;
  readonly invitations: InvitationRow;
  readonly sessions: SessionRow;
  readonly sign_in_tries: SignInTriesRow;
  readonly passkeys: PasskeyRow;
  readonly staff_reports: StaffReportRow;
  readonly staff_report_messages: StaffReportMessageRow;
  readonly staff_report_files: StaffReportFileRow;
  readonly incident_drafts: IncidentDraftRow;
  readonly saved_hunts: SavedHuntRow;
  readonly local_rules: LocalRuleRow;
  readonly board_sign_offs: SignOffRow;
  readonly reveal_requests: RevealRequestRow;
  readonly set_aside_gone: SetAsideGoneRow;
}

export interface MigrationRow {
  readonly number: number;
  readonly name: string;
  /** SHA-256 of its text. */
  readonly hash: string;
  readonly applied_at: UtcMs;
}

export interface SourceRow {
  readonly id: `src_${string}`;
  readonly name: string;
  readonly kind: string;
  readonly token_hash: string | null;
  /** SHA-256 of the certificate that it shows, hex. */
  readonly certificate: string | null;
  /** Whose files are its logs; `null`: it sends. */
  readonly folder: string | null;
  /** How it is asked, sealed; `null`: it sends. */
  readonly polled: Buffer | null;
  /** JSON: how far it was asked. */
  readonly position: string | null;
  /** CIDR; `null` means any address. */
  readonly address_range: string | null;
  readonly created_at: UtcMs;
  readonly last_heard_at: UtcMs | null;
  readonly state: string;
}

export interface TokenRow {
  readonly id: `tok_${string}`;
  readonly role: string;
  readonly token_hash: string;
  readonly created_at: UtcMs;
  readonly expires_at: UtcMs | null;
  /** The person or program it is for. */
  readonly name: string | null;
}

export interface FindingRow {
  readonly id: `fnd_${string}`;
  readonly kind: string;
  readonly rule_id: string;
  readonly level: string;
  readonly at: UtcMs | null;
  readonly host: string | null;
  readonly account: string | null;
  readonly address: string | null;
  readonly source_id: string | null;
  readonly incident_id: string | null;
  /** JSON: the finding of the contract. */
  readonly body: string;
  readonly first_seen_at: UtcMs;
  /** What it adds to the early warning score. */
  readonly parameter: string | null;
  readonly points: number;
  readonly closed_at: UtcMs | null;
  /** As in `Rarity`; `null`: not known. */
  readonly surprise: number | null;
  readonly per_day: number | null;
  /** 0 to 4: what it adds to the strength of its incident. */
  readonly strength: number;
  /** It is kept and counted, and opens no incident. */
  readonly excepted_by: string | null;
}

export interface IncidentRow {
  readonly id: `inc_${string}`;
  readonly state: 'new' | 'investigating' | 'contained' | 'closed' | 'merged';
  readonly level: string;
  readonly title: string;
  readonly owner: string | null;
  readonly merged_into: string | null;
  readonly opened_at: UtcMs;
  readonly last_evidence_at: UtcMs;
  /** Over its detectors, what the strongest finding of each says: at most 4 each. */
  readonly strength: number;
  /** Of its findings whose rarity is known. */
  readonly rarest_per_day: number | null;
  readonly acknowledged_at: UtcMs | null;
  readonly acknowledged_by: string | null;
  /** Why it was closed. */
  readonly outcome: string | null;
  /** Chosen by a person; `null`: the one that its findings suggest. */
  readonly playbook: string | null;
  /** How many people were told that nobody has looked, and when the last was. */
  readonly told_step: number;
  readonly told_at: UtcMs | null;
  /** The band of the last notice. */
  readonly told_band: string | null;
  /** `privacy`: the privacy officers alone see it. */
  readonly addressed_to: 'it' | 'privacy';
}

export interface IncidentLinkRow {
  readonly incident_id: `inc_${string}`;
  readonly kind: 'host' | 'account' | 'address';
  readonly value: string;
  readonly last_at: UtcMs;
}

export interface IncidentHistoryRow {
  readonly id: `hst_${string}`;
  readonly incident_id: `inc_${string}`;
  readonly at: UtcMs;
  readonly actor: string | null;
  readonly action: string;
  /** JSON. */
  readonly detail: string;
}

export interface SetAsideRow {
  readonly id: `asd_${string}`;
  readonly source_id: string | null;
  readonly received_at: UtcMs;
  readonly reason: string;
  readonly detail: string;
  readonly sealed: Buffer;
}

/** How much of a source went because there was no room for more. */
export interface SetAsideGoneRow {
  /** `''`: of nobody who is registered. */
  readonly source_id: string;
  readonly messages: number;
  readonly first_at: UtcMs;
  readonly last_at: UtcMs;
}

export interface SettingRow {
  readonly name: string;
  /** JSON. */
  readonly value: string;
  readonly changed_at: UtcMs;
  readonly changed_by: string | null;
}

export interface AuditRow {
  readonly id: `aud_${string}`;
  readonly at: UtcMs;
  readonly actor: string;
  readonly action: string;
  readonly subject: string | null;
  /** JSON. */
  readonly detail: string;
}

export interface SourceRhythmRow {
  /** A source's id, or `host:` and the name of a host. */
  readonly subject: string;
  /** JSON. */
  readonly body: string;
}

export interface IncidentStepRow {
  readonly incident_id: `inc_${string}`;
  readonly playbook: string;
  readonly step: string;
  readonly done_at: UtcMs;
  readonly done_by: string;
}

export interface ClockRow {
  readonly id: `clk_${string}`;
  readonly incident_id: `inc_${string}`;
  readonly kind: string;
  /** When somebody became aware. */
  readonly started_at: UtcMs;
  readonly started_by: string;
  readonly due_at: UtcMs;
  /** When they were told, as somebody says; `null`: the clock runs, or need not be met. */
  readonly met_at: UtcMs | null;
  /** When somebody wrote it down. */
  readonly ended_at: UtcMs | null;
  readonly ended_by: string | null;
  readonly ended_how: string | null;
  readonly reason: string | null;
  /** The last state that somebody was told of. */
  readonly told_state: string | null;
}

export interface OutboxRow {
  readonly id: `ntc_${string}`;
  /** `mail:` and an address, or `webhook:` and its number in the settings. */
  readonly channel: string;
  readonly incident_id: string | null;
  readonly subject: string;
  readonly body: string;
  readonly created_at: UtcMs;
  readonly next_at: UtcMs;
  readonly tries: number;
  readonly sent_at: UtcMs | null;
  readonly failed_at: UtcMs | null;
}

export interface FollowedFileRow {
  readonly source_id: string;
  /** Device and inode. */
  readonly file: string;
  readonly path: string;
  readonly fingerprint: string;
  readonly fingerprint_bytes: number;
  readonly bytes: number;
  readonly done: number;
}

export interface ExceptionRow {
  readonly id: `exc_${string}`;
  readonly rule_id: string;
  readonly host: string | null;
  readonly account: string | null;
  readonly reason: string;
  readonly owner: string;
  readonly created_at: UtcMs;
  readonly expires_at: UtcMs;
  readonly revoked_at: UtcMs | null;
  readonly revoked_by: string | null;
}

export interface IdentityRow {
  readonly pseudonym: string;
  readonly sealed: Buffer;
  readonly first_at: UtcMs;
}

export interface RecordCaseRow {
  readonly id: `rac_${string}`;
  /** Local date; of a crowd its last. */
  readonly day: string;
  /** 1: within the budget, of the last review or an earlier one. */
  readonly alert: number;
  /** The case. */
  readonly sealed: Buffer;
  readonly first_at: UtcMs;
  /** The last review that found it. */
  readonly seen_at: UtcMs;
  /** A later review no longer found it. */
  readonly explained_at: UtcMs | null;
  readonly decided_at: UtcMs | null;
  /** What a person decided, sealed. */
  readonly decision: Buffer | null;
  /** Made while its day went on; `null`: a review found it first. */
  readonly first_look_at: UtcMs | null;
  /** 1: no review has judged its day yet. */
  readonly is_provisional: number;
  /** JSON: what was said of it, and when. */
  readonly history: string;
}

/** What policy wants looked at. */
export interface RecordItemRow {
  readonly id: `rit_${string}`;
  readonly day: string;
  readonly sealed: Buffer;
  readonly first_at: UtcMs;
  /** When it was last filled in. */
  readonly seen_at: UtcMs;
}

export interface PersonRow {
  readonly id: `per_${string}`;
  readonly name: string;
  /** The name without case. */
  readonly name_key: string;
  /** JSON. */
  readonly roles: string;
  /** argon2id as a PHC string; `null`: none is set yet. */
  readonly password: string | null;
  /** Sealed. */
  readonly second_factor: Buffer | null;
  /** Sealed; shown, and not confirmed yet. */
  readonly second_factor_new: Buffer | null;
  /** The last 30 seconds whose code was used. */
  readonly second_factor_step: number | null;
  /** The identity provider and its own name of the person; `null`: they sign in with a password. */
  readonly oidc_subject: string | null;
  readonly created_at: UtcMs;
  readonly expires_at: UtcMs | null;
  readonly ended_at: UtcMs | null;
  readonly seen_at: UtcMs | null;
}

export interface InvitationRow {
  readonly token_hash: string;
  /** `null`: the first administrator. */
  readonly person_id: `per_${string}` | null;
  readonly expires_at: UtcMs;
}

export interface SessionRow {
  readonly token_hash: string;
  readonly person_id: `per_${string}`;
  readonly begun_at: UtcMs;
  readonly seen_at: UtcMs;
}

export interface PasskeyRow {
  /** The credential's own. */
  readonly id: string;
  readonly person_id: `per_${string}`;
  /** The host name that it is good for. */
  readonly site: string;
  readonly public_key: Buffer;
  readonly counter: number;
  readonly made_at: UtcMs;
  readonly used_at: UtcMs | null;
}

export interface SignInTriesRow {
  /** Keyed; and behind a slash from where, or in which browser: see src/people/sign-in.ts. */
  readonly name_mac: string;
  readonly tries: number;
  readonly last_at: UtcMs;
  readonly locked_until: UtcMs | null;
}

export interface StaffReportRow {
  readonly id: `rpt_${string}`;
  /** Of the person, or of the token of a program. */
  readonly reporter_id: string;
  readonly reporter: string;
  readonly state: 'open' | 'closed';
  readonly created_at: UtcMs;
  readonly changed_at: UtcMs;
  readonly incident_id: string | null;
  /** `privacy`: the privacy officer alone reads it. */
  readonly addressed_to: 'it' | 'privacy';
}

export interface StaffReportMessageRow {
  readonly id: `msg_${string}`;
  readonly report_id: string;
  readonly at: UtcMs;
  readonly author: string;
  /** 1: it is the reporter's own; 0: an answer. */
  readonly is_reporter: number;
  /** The words. */
  readonly sealed: Buffer;
}

export interface StaffReportFileRow {
  readonly report_id: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Sealed. */
  readonly name: Buffer;
  /** The file, as it came. */
  readonly sealed: Buffer;
}

export interface IncidentDraftRow {
  readonly incident_id: string;
  readonly name: string;
  /** Its sections. */
  readonly sealed: Buffer;
  readonly changed_at: UtcMs;
  readonly changed_by: string;
}

/** That a member of the board has read how things are. */
export interface SignOffRow {
  readonly id: `sgn_${string}`;
  readonly at: number;
  readonly by_name: string;
  readonly note: string;
  /** The answer of `/api/v1/board`, JSON. */
  readonly told: string;
}

export interface SavedHuntRow {
  readonly id: `hnt_${string}`;
  readonly name: string;
  /** With pseudonyms for patients. */
  readonly query: string;
  readonly created_at: UtcMs;
  readonly created_by: string;
}

/** A rule that an analyst made here of a search. Its words have pseudonyms for patients. */
export interface LocalRuleRow {
  readonly id: `lrl_${string}`;
  readonly title: string;
  readonly query: string;
  readonly level: string;
  readonly parameter: string;
  readonly plain: string;
  readonly innocent: string;
  /** JSON: what to do, in order. */
  readonly next: string;
  readonly created_at: UtcMs;
  /** Their name. */
  readonly created_by: string;
  /** `null`: it is on. */
  readonly ended_at: UtcMs | null;
  readonly ended_by: string | null;
}

/** Somebody wants to be shown who patients are, and a second person has to agree. */
export interface RevealRequestRow {
  readonly id: `rvl_${string}`;
  readonly asked_by: string;
  readonly asked_name: string;
  readonly asked_at: UtcMs;
  /** With pseudonyms for patients. */
  readonly reason: string;
  /** JSON; empty: `set_aside` is asked for. */
  readonly pseudonyms: string;
  readonly set_aside: string | null;
  /** `null`: nobody has said anything. */
  readonly decided_by: string | null;
  readonly decided_name: string | null;
  readonly decided_at: UtcMs | null;
  readonly decision: 'agreed' | 'refused' | null;
}
