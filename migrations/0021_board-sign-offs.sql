-- breaking: no
-- That a member of the board has read how things are, and what they were told at that time.

create table board_sign_offs (
  id text primary key,
  at bigint not null,
  by_name text not null,
  note text not null,               -- with pseudonyms for patients
  told text not null                -- the answer of /api/v1/board, JSON
);
-- the newest first
create index board_sign_offs_at on board_sign_offs (at);
