-- breaking: no
-- A report may be about somebody who looks after the computers: then the privacy officer alone reads it.

alter table staff_reports add column addressed_to text not null default 'it';  -- it, privacy
