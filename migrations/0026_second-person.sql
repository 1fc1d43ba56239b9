-- breaking: no
-- Where a second privacy officer has to agree before anybody is shown who a patient is: what was asked for, and what was said.

create table reveal_requests (
  id text primary key,
  asked_by text not null,           -- id of a person
  asked_name text not null,
  asked_at bigint not null,
  reason text not null,             -- with pseudonyms for patients
  pseudonyms text not null,         -- JSON: whose names are asked for; empty: a message that was set aside
  set_aside text,                   -- id of that message
  decided_by text,                  -- id of another person; null: nobody has said anything
  decided_name text,
  decided_at bigint,
  decision text                     -- agreed, refused
);
create index reveal_requests_asked_at on reveal_requests (asked_at);
