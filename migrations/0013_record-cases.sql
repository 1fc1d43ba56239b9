-- breaking: no
-- Looks at records that the care given does not explain, as the nightly review finds them.

create table record_cases (
  id text primary key,
  day text not null,                -- local date; of a crowd its last
  alert integer not null,           -- 1: within the budget, of the last review or an earlier one
  sealed bytea not null,            -- the case: who, whose record and why
  first_at bigint not null,
  seen_at bigint not null,          -- the last review that found it
  explained_at bigint,              -- a later review no longer found it: what came in since explains it
  decided_at bigint,
  decision bytea                    -- sealed: what a person decided, and why
);
-- The cases, the newest first.
create index record_cases_by_time on record_cases (first_at, id);
