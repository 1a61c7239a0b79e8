-- A document is kept, with its translation, until it expires: see docs/decisions/0013.
create table language.documents (
    id uuid primary key,
    organisation_id uuid not null,
    api_key_id uuid,
    person_id uuid,
    key_hash bytea not null,
    filename text not null,
    source_language text,
    target_language text not null,
    glossary_ids uuid[] not null,
    reporting_tag text,
    status text not null check (status in ('queued', 'translating', 'done', 'error')),
    error text,
    characters bigint not null default 0,
    segments integer not null default 0,
    segments_done integer not null default 0,
    models text[] not null default '{}',
    original bytea not null,
    result bytea,
    created_at timestamptz not null,
    started_at timestamptz,
    expires_at timestamptz not null,
    unique (organisation_id, id)
);
create index documents_expiry on language.documents (expires_at);

-- The texts of a document, in its order, with what has been translated so far.
create table language.document_segments (
    organisation_id uuid not null,
    document_id uuid not null,
    number integer not null,
    source jsonb not null,
    target jsonb,
    primary key (document_id, number),
    foreign key (organisation_id, document_id)
        references language.documents (organisation_id, id) on delete cascade
);
create index document_segments_left on language.document_segments (document_id, number)
    where target is null;

alter table language.documents enable row level security;
alter table language.documents force row level security;
create policy tenant on language.documents
    using (organisation_id = platform.current_organisation());
create policy expired on language.documents to hanse_jobs
    using (platform.current_organisation() is null and expires_at < now());
grant select, insert, update, delete on language.documents to hanse_app;
grant select, insert, update, delete on language.documents to hanse_jobs;

alter table language.document_segments enable row level security;
alter table language.document_segments force row level security;
create policy tenant on language.document_segments
    using (organisation_id = platform.current_organisation());
grant select on language.document_segments to hanse_app;
grant select, insert, update, delete on language.document_segments to hanse_jobs;
