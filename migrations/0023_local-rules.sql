-- breaking: no
-- Rules that an analyst made here of a search. One that was switched off stays, for what it found.

create table local_rules (
  id text primary key,
  title text not null,              -- this and all words: with pseudonyms for patients
  query text not null,
  level text not null,
  parameter text not null,          -- where its findings count on the observations chart
  plain text not null,
  innocent text not null,
  next text not null,               -- JSON: what to do, in order
  created_at bigint not null,
  created_by text not null,         -- their name
  ended_at bigint,                  -- null: it is on
  ended_by text
);
