-- breaking: no
-- An incident may be about one of those who work on incidents: then the privacy officers alone see it, until one shares it.

alter table incidents add column addressed_to text not null default 'it';  -- it, privacy
-- Which incidents are not for all who work on them? Few: an index of all would be taken in the place of that by time.
create index incidents_of_privacy on incidents (id) where addressed_to = 'privacy';
