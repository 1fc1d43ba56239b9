-- breaking: no
-- When those who have to be told were told, apart from when somebody wrote it down: a duty is met or late by the first.

alter table clocks add column met_at bigint;             -- null: it runs, or need not be met
update clocks set met_at = ended_at where ended_how = 'met';
