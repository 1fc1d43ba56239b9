-- breaking: no
-- Sources that are folders of files, and how far each file was read.

alter table sources add column folder text;             -- null: it sends

create table followed_files (
  source_id text not null references sources (id),
  file text not null,                 -- device and inode
  path text not null,                 -- where it was last seen
  fingerprint text not null,          -- of its first bytes: another file may get the same inode
  fingerprint_bytes integer not null,
  bytes bigint not null,              -- read so far
  done bigint not null,               -- events kept and things set aside so far
  primary key (source_id, file)
);
