-- breaking: no
-- What people have to be told, until it has been.

create table outbox (
  id text primary key,                -- ntc_…
  channel text not null,              -- mail:ADDRESS, or webhook: and its number in the settings
  incident_id text,                   -- null: of no single incident
  subject text not null,
  body text not null,                 -- of a webhook: JSON
  created_at bigint not null,
  next_at bigint not null,            -- not to be tried before
  tries integer not null default 0,
  sent_at bigint,
  failed_at bigint                    -- given up
);
-- What is to be sent now?
create index outbox_due on outbox (next_at) where sent_at is null and failed_at is null;

alter table clocks add column told_state text;           -- the last state that somebody was told of
