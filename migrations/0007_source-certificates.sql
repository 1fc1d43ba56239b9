-- breaking: no
-- Sources that show a certificate of their own.

alter table sources add column certificate text;        -- SHA-256 of it, in hex; null: it shows none
-- Whose certificate is this?
create unique index sources_certificate on sources (certificate) where certificate is not null;
