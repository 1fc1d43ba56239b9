-- breaking: no
-- Cases that were made while their day went on, and what became of them; and what policy wants looked at.

alter table record_cases add column first_look_at bigint;                       -- null: a review found it first
alter table record_cases add column is_provisional integer not null default 0;  -- 1: no review has judged its day yet
alter table record_cases add column history text not null default '[]';         -- JSON: what was said of it, and when

create table record_items (
  id text primary key,
  day text not null,                -- local date
  sealed bytea not null,            -- who, whose record, and the reason typed
  first_at bigint not null,
  seen_at bigint not null           -- when it was last filled in
);
-- What policy wants looked at, the newest first.
create index record_items_by_time on record_items (first_at, id);
