-- breaking: no
-- Sources that are asked, because they do not send.

alter table sources add column polled bytea;            -- how to ask, sealed: it holds a secret; null: it sends
alter table sources add column position text;           -- JSON: how far it was asked
