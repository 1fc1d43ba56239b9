-- breaking: no
-- What was learned of when each source is heard, and what it sends.

create table source_rhythms (
  subject text primary key,           -- a source's id, or host:NAME for a host that care depends on
  body text not null                  -- JSON
);
