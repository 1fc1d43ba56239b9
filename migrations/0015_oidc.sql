-- breaking: no
-- People whom an identity provider vouches for.

alter table people add column oidc_subject text;
-- Finds the account of somebody whom the provider names. Two of them cannot share one.
create unique index people_by_oidc_subject on people (oidc_subject);
