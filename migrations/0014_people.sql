-- breaking: no
-- People who use the page: their accounts, their links to set a password, their sessions.

create table people (
  id text primary key,
  name text not null,               -- what they sign in with, shown beside what they do
  name_key text not null unique,    -- the name without case
  roles text not null,              -- JSON
  password text,                    -- argon2id; null: none is set yet
  second_factor bytea,              -- sealed; null: none
  second_factor_new bytea,          -- sealed; shown, and not confirmed yet
  second_factor_step bigint,        -- the last 30 seconds whose code was used: no code counts twice
  created_at bigint not null,
  expires_at bigint,
  ended_at bigint,
  seen_at bigint
);
create table invitations (
  token_hash text primary key,
  person_id text,                   -- null: the first administrator, who has no account yet
  expires_at bigint not null
);
-- The invitation of one person.
create index invitations_of_person on invitations (person_id);
create table sessions (
  token_hash text primary key,
  person_id text not null,
  begun_at bigint not null,
  seen_at bigint not null
);
-- The sessions of one person.
create index sessions_of_person on sessions (person_id);
create table sign_in_tries (
  name_mac text primary key,        -- keyed: somebody may have typed a password for a name
  tries integer not null,
  last_at bigint not null,
  locked_until bigint
);
-- Tries that no longer count.
create index sign_in_tries_by_time on sign_in_tries (last_at);
