-- Programs of rooms: see docs/decisions/0084-rooms-run-programs.md.
create table chat.programs (
    id uuid primary key,
    organisation_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    name text not null check (char_length(name) between 1 and 80),
    status text not null check (status in ('running', 'paused', 'stopped', 'deleted')),
    -- Why it was stopped.
    reason text,
    -- The version that runs, or did last, and how many there are.
    version integer not null,
    versions integer not null,
    -- What it may do beyond its room.
    allowed text[] not null default '{}',
    created_by uuid not null,
    created_at timestamptz not null default now()
);
create index programs_room on chat.programs (room_id, id);

create table chat.program_versions (
    organisation_id uuid not null,
    program_id uuid not null references chat.programs (id) on delete cascade,
    number integer not null,
    source text not null,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    primary key (program_id, number)
);

-- How far a program is in the log of its room, in which version (null: it stands still), and when
-- it must be called. Rows that are written often and hold nothing of what people said.
create table chat.program_runs (
    program_id uuid primary key references chat.programs (id) on delete cascade,
    organisation_id uuid not null,
    room_id uuid not null,
    shard smallint not null,
    cursor bigint not null,
    version integer,
    wake_at timestamptz
) with (fillfactor = 70);
create index program_runs_shard on chat.program_runs (shard, wake_at);

-- What a program keeps: its state after the event at the cursor, null before its first event.
create table chat.program_states (
    program_id uuid primary key references chat.programs (id) on delete cascade,
    organisation_id uuid not null,
    state text,
    state_hash text,
    events bigint not null default 0,
    fuel bigint not null default 0,
    -- Events in a row at which it failed, and of these at a limit.
    faults integer not null default 0,
    limits integer not null default 0
) with (fillfactor = 70);

-- Which of its messages a program calls by which key.
create table chat.program_keys (
    organisation_id uuid not null,
    program_id uuid not null references chat.programs (id) on delete cascade,
    key text not null,
    number bigint not null,
    primary key (program_id, key)
);
create index program_keys_number on chat.program_keys (program_id, number);

create table chat.program_timers (
    organisation_id uuid not null,
    program_id uuid not null references chat.programs (id) on delete cascade,
    key text not null,
    due_at timestamptz not null,
    primary key (program_id, key)
);

create table chat.program_log (
    organisation_id uuid not null,
    program_id uuid not null references chat.programs (id) on delete cascade,
    id bigint generated always as identity,
    number bigint not null,
    version integer,
    at timestamptz not null default now(),
    code text not null,
    detail text not null,
    line integer,
    "column" integer,
    primary key (program_id, id)
);

do $$
declare name text;
begin
    foreach name in array array['programs', 'program_versions', 'program_runs', 'program_states',
        'program_keys', 'program_timers', 'program_log'] loop
        execute format('alter table chat.%I enable row level security', name);
        execute format('alter table chat.%I force row level security', name);
        execute format(
            'create policy tenant on chat.%I '
            'using (organisation_id = platform.current_organisation())', name);
        execute format(
            'grant select, insert, update, delete on chat.%I to hanse_app, hanse_jobs', name);
    end loop;
end
$$;

-- Whoever owns shards looks which programs there are, in all organisations.
create policy hosting on chat.program_runs for select to hanse_app
    using (platform.current_organisation() is null);

-- Which hosts programs of rooms may ask.
alter table chat.policies add column program_hosts text[] not null default '{}';
