-- breaking: no
-- What every watch needs: who sends, who may ask, what was found, what could not be read, settings, our own trail.

create table sources (
  id text primary key,                -- src_…
  name text not null unique,
  kind text not null,                 -- windows, syslog, http, fhir, …
  token_hash text,                    -- null: known by its address range, or by its client certificate
  address_range text,                 -- CIDR; null: any address
  created_at bigint not null,
  last_heard_at bigint,               -- null: never yet
  state text not null                 -- active, paused, removed
);
-- A door asks: whose token is this?
create unique index sources_token on sources (token_hash);

create table tokens (
  id text primary key,                -- tok_…
  role text not null,
  token_hash text not null unique,
  created_at bigint not null,
  expires_at bigint                   -- null: never
);

create table findings (
  id text primary key,                -- fnd_…, the same for the same rule and event
  kind text not null,
  rule_id text not null,
  level text not null,
  at bigint,                          -- null: its events have no time
  host text,
  account text,
  address text,
  source_id text references sources (id),
  incident_id text,                   -- null: not in an incident yet
  body text not null,                 -- JSON: the finding of the contract
  first_seen_at bigint not null
);
-- The list of findings, newest first, by cursor.
create index findings_seen on findings (first_seen_at, id);
-- What belongs to an incident.
create index findings_incident on findings (incident_id, at);
-- The score of a host, of an account.
create index findings_host on findings (host, at);
create index findings_account on findings (account, at);

create table set_aside (
  id text primary key,                -- asd_…
  source_id text references sources (id),
  received_at bigint not null,
  reason text not null,
  detail text not null,
  sealed bytea not null               -- what arrived, sealed: it may hold patients' names
);
-- The list of what was set aside, newest first, and what to replay of one source.
create index set_aside_received on set_aside (received_at, id);
create index set_aside_source on set_aside (source_id, reason, received_at);

create table settings (
  name text primary key,
  value text not null,                -- JSON
  changed_at bigint not null,
  changed_by text                     -- null: by the service itself
);

create table audit (
  id text primary key,                -- aud_…
  at bigint not null,
  actor text not null,
  action text not null,
  subject text,                       -- null: the action has none
  detail text not null                -- JSON
);
-- The trail, newest first; what one person did.
create index audit_at on audit (at, id);
create index audit_actor on audit (actor, at);
