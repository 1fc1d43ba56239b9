-- breaking: no
-- What could not be read has bounded room, source by source: how much had to go for it.

create table set_aside_gone (
  source_id text primary key,       -- '': of nobody who is registered
  messages bigint not null,
  first_at bigint not null,         -- when some went for the first time, and the last
  last_at bigint not null
);
