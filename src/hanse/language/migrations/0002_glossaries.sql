-- A glossary holds dictionaries, one for each direction; languages are roots ("pt", never "pt-BR").
create table language.glossaries (
    id uuid primary key,
    organisation_id uuid not null,
    name text not null check (char_length(name) between 1 and 1024),
    created_at timestamptz not null,
    unique (organisation_id, id)
);

create table language.dictionaries (
    id uuid primary key,
    organisation_id uuid not null,
    glossary_id uuid not null,
    source_language text not null,
    target_language text not null check (target_language <> source_language),
    -- Changes with every change of an entry: caches are kept by (id, version).
    version uuid not null,
    entry_count integer not null check (entry_count >= 0),
    entry_bytes bigint not null check (entry_bytes >= 0),
    updated_at timestamptz not null,
    unique (organisation_id, id),
    unique (glossary_id, source_language, target_language),
    foreign key (organisation_id, glossary_id)
        references language.glossaries (organisation_id, id) on delete cascade
);

create table language.dictionary_entries (
    organisation_id uuid not null,
    dictionary_id uuid not null,
    source text not null,
    target text not null,
    primary key (dictionary_id, source),
    foreign key (organisation_id, dictionary_id)
        references language.dictionaries (organisation_id, id) on delete cascade
);

alter table language.glossaries enable row level security;
alter table language.glossaries force row level security;
create policy tenant on language.glossaries
    using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on language.glossaries to hanse_app;
grant select on language.glossaries to hanse_jobs;

alter table language.dictionaries enable row level security;
alter table language.dictionaries force row level security;
create policy tenant on language.dictionaries
    using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on language.dictionaries to hanse_app;
grant select on language.dictionaries to hanse_jobs;

alter table language.dictionary_entries enable row level security;
alter table language.dictionary_entries force row level security;
create policy tenant on language.dictionary_entries
    using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on language.dictionary_entries to hanse_app;
grant select on language.dictionary_entries to hanse_jobs;
