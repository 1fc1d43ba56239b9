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
}

export interface SetAsideRow {
  readonly id: `asd_${string}`;
  readonly source_id: string | null;
  readonly received_at: UtcMs;
  readonly reason: string;
  readonly detail: string;
  readonly sealed: Buffer;
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
