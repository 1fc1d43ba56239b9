-- breaking: no
-- Findings that belong together, with what happened to them; what each finding adds to the early warning score.

alter table findings add column parameter text;  -- null: made before scores were kept
alter table findings add column points integer not null default 0;
alter table findings add column closed_at bigint; -- null: open

create table incidents (
  id text primary key,                -- inc_…
  state text not null,                -- new, investigating, contained, closed, merged
  level text not null,                -- the highest of its findings
  title text not null,                -- the plain sentence of the finding that has that level
  owner text,                         -- null: nobody yet
  merged_into text references incidents (id),
  opened_at bigint not null,
  last_evidence_at bigint not null
);
-- The list of incidents, newest first, by cursor.
create index incidents_opened on incidents (opened_at, id);

create table incident_links (
  incident_id text not null references incidents (id),
  kind text not null,                 -- host, account, address
  value text not null,
  last_at bigint not null,
  primary key (incident_id, kind, value)
);
-- Which incident is about this host, this account?
create index incident_links_value on incident_links (kind, value, last_at);

create table incident_history (
  id text primary key,                -- hst_…
  incident_id text not null references incidents (id),
  at bigint not null,
  actor text,                         -- null: the service itself
  action text not null,
  detail text not null                -- JSON
);
-- What happened to an incident, in order.
create index incident_history_of on incident_history (incident_id, at, id);
