-- What holds of messages in a room before they are appended, by who put it in force: people
-- (`program_id` null) or a program, in the version that did.
create table chat.room_rules (
    organisation_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    program_id uuid references chat.programs (id) on delete cascade,
    version integer,
    -- Another one with each change: by it processes know the rules that they have read.
    revision uuid not null,
    rules jsonb not null,
    unique nulls not distinct (room_id, program_id)
);

-- How often each rule refused something; never what, nor whose.
create table chat.rule_refusals (
    organisation_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    program_id uuid,
    rule text not null check (rule in ('words', 'links', 'slow_s', 'who', 'max_characters')),
    refused bigint not null,
    refused_at timestamptz not null,
    unique nulls not distinct (room_id, program_id, rule)
);

do $$
declare name text;
begin
    foreach name in array array['room_rules', 'rule_refusals'] loop
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

-- In the head, which every append reads and holds: rooms without rules cost no other query.
alter table chat.heads add column has_rules boolean not null default false;
