-- A translation memory: sentences of one language with their translations into others.
create table language.memories (
    id uuid primary key,
    organisation_id uuid not null,
    name text not null check (char_length(name) between 1 and 1024),
    source_language text not null,
    -- Changes with every change of a segment: caches are kept by (id, version).
    version uuid not null,
    segment_count integer not null default 0,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (organisation_id, id)
);

create table language.memory_segments (
    id uuid primary key,
    organisation_id uuid not null,
    memory_id uuid not null,
    source text not null,
    created_at timestamptz not null default now(),
    unique (organisation_id, id),
    foreign key (organisation_id, memory_id)
        references language.memories (organisation_id, id) on delete cascade
);
create unique index memory_segments_source on language.memory_segments (memory_id, md5(source));
create index memory_segments_page on language.memory_segments (memory_id, id);

create table language.memory_targets (
    id uuid primary key,
    organisation_id uuid not null,
    segment_id uuid not null,
    target_language text not null,
    target text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (segment_id, target_language),
    foreign key (organisation_id, segment_id)
        references language.memory_segments (organisation_id, id) on delete cascade
);

-- Imports and exports. The key in a file's address guards what stands in the same row.
create table language.memory_jobs (
    id uuid primary key,
    organisation_id uuid not null,
    operation text not null check (operation in ('import', 'export')),
    status text not null
        check (status in ('awaiting_input', 'processing', 'completed', 'downloaded', 'failed')),
    memory_id uuid,
    name text,
    content_type text,
    content_length bigint,
    key bytea not null,
    data bytea,
    error text,
    skipped integer,
    memory_version uuid,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    expires_at timestamptz not null
);
create index memory_jobs_expiry on language.memory_jobs (expires_at);
create index memory_jobs_of_memory on language.memory_jobs (memory_id);

do $$
declare name text;
begin
    foreach name in array array['memories', 'memory_segments', 'memory_targets', 'memory_jobs'] loop
        execute format('alter table language.%I enable row level security', name);
        execute format('alter table language.%I force row level security', name);
        execute format(
            'create policy tenant on language.%I '
            'using (organisation_id = platform.current_organisation())', name);
        execute format(
            'grant select, insert, update, delete on language.%I to hanse_app, hanse_jobs', name);
    end loop;
end
$$;
create policy expired on language.memory_jobs to hanse_jobs
    using (platform.current_organisation() is null and expires_at < now());
