-- Legal holds: see docs/decisions/0078-legal-holds.md.
create table chat.holds (
    id uuid primary key,
    organisation_id uuid not null,
    name text not null check (char_length(name) between 1 and 200),
    reason text not null check (char_length(reason) between 1 and 2000),
    -- What is held: a room, or what somebody writes, or all. `subject` is its name at the time, which
    -- outlives the room's and the person's.
    room_id uuid references chat.rooms (id) on delete restrict,
    person_id uuid,
    subject text not null default '',
    from_at timestamptz,
    until_at timestamptz,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    released_by uuid,
    released_at timestamptz,
    check (num_nonnulls(room_id, person_id) <= 1),
    check (from_at < until_at),
    check ((released_by is null) = (released_at is null))
);
create index holds_list on chat.holds (organisation_id, id);
create index holds_active on chat.holds (organisation_id) where released_at is null;

-- What messages and their edits said before they were taken away; the rest stands in the log.
create table chat.held_events (
    organisation_id uuid not null,
    room_id uuid not null,
    number bigint not null,
    -- The message that it is, or that it edits.
    message bigint not null,
    body jsonb not null,
    topic text,
    taken_away_at timestamptz not null default now(),
    primary key (room_id, number)
);
create index held_events_message on chat.held_events (room_id, message);

-- Nobody sees a file that is held but who answers for holds.
alter table chat.files add column is_held boolean not null default false;
create index files_held on chat.files (organisation_id) where is_held;

do $$
declare name text;
begin
    foreach name in array array['holds', 'held_events'] loop
        execute format('alter table chat.%I enable row level security', name);
        execute format('alter table chat.%I force row level security', name);
        execute format(
            'create policy tenant on chat.%I '
            'using (organisation_id = platform.current_organisation())', name);
    end loop;
end
$$;
grant select, insert, update on chat.holds to hanse_app;
grant select on chat.holds to hanse_jobs;
grant select, insert on chat.held_events to hanse_app, hanse_jobs;
grant delete on chat.held_events to hanse_jobs;
