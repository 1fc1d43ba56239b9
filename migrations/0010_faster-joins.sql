-- breaking: no
-- Joining a finding must not become slower as findings become more.

-- How many hosts are behind this address?
create index findings_address on findings (address, at);
-- How many incidents did behaviour open today?
create index incident_history_action on incident_history (action, at);
