-- breaking: no
-- How unusual a finding is, as behaviour has learned it, and what that adds up to for an incident.

alter table findings add column surprise double precision; -- null: not known
alter table findings add column per_day double precision;  -- null: not known
alter table findings add column strength double precision not null default 0; -- what it adds to that of its incident
alter table incidents add column strength double precision not null default 0; -- over its detectors, at most 4 each
alter table incidents add column rarest_per_day double precision;              -- null: of none it is known

-- Which findings of these hours belong to no incident?
create index findings_loose on findings (at) where incident_id is null;
-- What has this detector said in this incident?
create index findings_of_incident on findings (incident_id, rule_id);
-- Which open incidents have evidence of these hours?
create index incidents_evidence on incidents (last_evidence_at);
