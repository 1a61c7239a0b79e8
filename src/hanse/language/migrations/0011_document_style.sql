-- What a document is translated with besides glossaries, and what of its request has no effect.
alter table language.documents
    add column style_id uuid,
    add column memory_id uuid,
    add column memory_percent_min smallint not null default 75,
    add column not_applied text[] not null default '{}';
grant select on language.styles to hanse_jobs;
