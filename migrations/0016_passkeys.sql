-- breaking: no
-- Passkeys: keys of people's own devices, with which they sign in without a password.

create table passkeys (
  id text primary key,              -- the credential's own
  person_id text not null,
  site text not null,               -- the host name that it was made for, and is good for
  public_key bytea not null,
  counter bigint not null,          -- of uses, if the device counts
  made_at bigint not null,
  used_at bigint
);
-- The passkeys of one person.
create index passkeys_of_person on passkeys (person_id);
