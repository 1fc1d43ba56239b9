-- breaking: no
-- What somebody has said is normal here.

create table exceptions (
  id text primary key,                -- exc_…
  rule_id text not null,
  host text,                          -- in lower case; null: any
  account text,                       -- in lower case; null: any
  reason text not null,
  owner text not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint,
  revoked_by text
);
-- Is this finding excepted now?
create index exceptions_rule on exceptions (rule_id, expires_at);

alter table findings add column excepted_by text references exceptions (id);
-- What has this rule found here?
create index findings_rule on findings (rule_id, at);
