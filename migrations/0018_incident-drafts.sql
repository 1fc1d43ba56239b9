-- breaking: no
-- Drafts of what has to be told of an incident, as somebody has edited them.

create table incident_drafts (
  incident_id text not null,
  name text not null,
  sealed bytea not null,            -- its sections
  changed_at bigint not null,
  changed_by text not null,         -- their name
  primary key (incident_id, name)
);
