-- breaking: no
-- What people do with an incident: who they are, what is to be done, and by when.

alter table tokens add column name text;                -- the person or program it is for; null: made before names were kept

alter table incidents add column acknowledged_at bigint; -- null: nobody has looked
alter table incidents add column acknowledged_by text;
alter table incidents add column outcome text;           -- why it was closed; null: it is not
alter table incidents add column playbook text;          -- null: the one that its findings suggest
alter table incidents add column told_step integer not null default 0;  -- how many people were told that nobody has looked
alter table incidents add column told_at bigint;         -- when the last of them was
alter table incidents add column told_band text;         -- the band of the last notice; null: none was sent

create table incident_steps (
  incident_id text not null references incidents (id),
  playbook text not null,
  step text not null,
  done_at bigint not null,
  done_by text not null,
  primary key (incident_id, playbook, step)
);

create table clocks (
  id text primary key,                -- clk_…
  incident_id text not null references incidents (id),
  kind text not null,                 -- as in src/content/clocks.json
  started_at bigint not null,         -- when somebody became aware
  started_by text not null,
  due_at bigint not null,
  ended_at bigint,                    -- null: it runs
  ended_by text,
  ended_how text,                     -- met, not-needed
  reason text                         -- why nothing has to be sent
);
-- The clocks of an incident; those that run, by when they are due.
create index clocks_of on clocks (incident_id, due_at);
create index clocks_running on clocks (due_at) where ended_at is null;
