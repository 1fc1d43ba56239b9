-- breaking: no
-- Who a pseudonym is: sealed, for those who may ask and say why.

create table identities (
  pseudonym text primary key,
  sealed bytea not null,
  first_at bigint not null
);
