-- breaking: no
-- What members of staff report that seemed odd to them, and what they are answered.

create table staff_reports (
  id text primary key,
  reporter_id text not null,        -- of the person, or of the token of a program
  reporter text not null,           -- their name
  state text not null,              -- open, closed
  created_at bigint not null,
  changed_at bigint not null,
  incident_id text                  -- the incident that it belongs to
);
-- All of them, the newest first.
create index staff_reports_by_time on staff_reports (created_at, id);
-- Those of one person.
create index staff_reports_of on staff_reports (reporter_id, created_at);

create table staff_report_messages (
  id text primary key,
  report_id text not null,
  at bigint not null,
  author text not null,             -- their name
  is_reporter integer not null,     -- 1: it is the reporter's own; 0: an answer
  sealed bytea not null             -- the words
);
-- The messages of one report, in order.
create index staff_report_messages_of on staff_report_messages (report_id, at, id);

create table staff_report_files (
  report_id text primary key,
  bytes bigint not null,
  sha256 text not null,
  name bytea not null,              -- sealed
  sealed bytea not null             -- the file, as it came
);
