-- breaking: no
-- Searches that somebody wants to ask again, for all who hunt.

create table saved_hunts (
  id text primary key,
  name text not null,
  query text not null,              -- with pseudonyms for patients
  created_at bigint not null,
  created_by text not null          -- their name
);
