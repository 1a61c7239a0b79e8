-- Rooms, who is in them, and the log. See docs/decisions/0051-the-log-of-a-room.md.

grant usage on schema chat to hanse_app, hanse_jobs;

create table chat.rooms (
    id uuid primary key,
    organisation_id uuid not null,
    kind text not null check (kind in ('channel', 'direct')),
    is_public boolean not null default false,
    name text not null default '' check (char_length(name) <= 200),
    description text not null default '' check (char_length(description) <= 2000),
    -- Of a direct room: the hash of its members, so that the same people get the same room.
    direct_key bytea,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    archived_at timestamptz,
    check ((kind = 'direct') = (direct_key is not null)),
    check (kind = 'channel' or not is_public)
);
create unique index rooms_direct on chat.rooms (organisation_id, direct_key);
create index rooms_public on chat.rooms (organisation_id, id) where is_public;

-- Where a room's log ends. A row of its own, so that sending does not touch the room's; the free
-- space keeps its updates on the page (HOT). `epoch` is that of the last owner that appended.
create table chat.heads (
    room_id uuid primary key references chat.rooms (id) on delete cascade,
    organisation_id uuid not null,
    head bigint not null default 0,
    messages bigint not null default 0,
    epoch bigint not null default 0
) with (fillfactor = 50);

-- A member is a person or an API key. `read_*` is how far they have read: a number of the log, and
-- how many messages there were up to it.
create table chat.members (
    organisation_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    member_id uuid not null,
    is_key boolean not null default false,
    role text not null check (role in ('owner', 'moderator', 'member', 'reader')),
    joined_at timestamptz not null default now(),
    read_number bigint not null default 0,
    read_messages bigint not null default 0,
    primary key (room_id, member_id)
) with (fillfactor = 80);
create index members_rooms on chat.members (organisation_id, member_id, room_id);

-- The log of record. No foreign key to the room: every append holds the room's head.
create table chat.events (
    organisation_id uuid not null,
    room_id uuid not null,
    number bigint not null check (number > 0),
    -- Messages in the room up to and with this event: unread counts are differences.
    messages bigint not null,
    -- Who sent it, from which device, under which key: a repeat gets the first one's number.
    sender_id uuid not null,
    device text not null check (char_length(device) between 1 and 64),
    client_key text not null check (char_length(client_key) between 1 and 64),
    kind text not null,
    target bigint check (target > 0 and target < number),
    thread bigint check (thread > 0 and thread < number),
    topic text,
    to_all boolean not null default false,
    body jsonb not null,
    is_redacted boolean not null default false,
    created_at timestamptz not null,
    primary key (room_id, number)
);
create unique index events_client_key
    on chat.events (room_id, sender_id, device, client_key);
-- What happened to a message afterwards.
create index events_target on chat.events (room_id, target, number) where target is not null;
create index events_thread on chat.events (room_id, thread, number) where thread is not null;
create index events_topic on chat.events (room_id, topic, number) where topic is not null;
-- The parts of an unread count that are taken away again, and what was said to all.
create index events_own on chat.events (room_id, sender_id, number) where kind = 'message';
create index events_deleted on chat.events (room_id, number)
    where kind = 'message' and is_redacted;
create index events_to_all on chat.events (room_id, number) where to_all;

create table chat.mentions (
    organisation_id uuid not null,
    room_id uuid not null,
    member_id uuid not null,
    number bigint not null,
    primary key (room_id, member_id, number)
);
create index mentions_message on chat.mentions (room_id, number);

do $$
declare name text;
begin
    foreach name in array array['rooms', 'heads', 'members', 'events', 'mentions'] loop
        execute format('alter table chat.%I enable row level security', name);
        execute format('alter table chat.%I force row level security', name);
        execute format(
            'create policy tenant on chat.%I '
            'using (organisation_id = platform.current_organisation())', name);
        execute format('grant select, insert, update on chat.%I to hanse_app, hanse_jobs', name);
    end loop;
    foreach name in array array['members', 'mentions'] loop
        execute format('grant delete on chat.%I to hanse_app, hanse_jobs', name);
    end loop;
end
$$;

-- Which process owns which shard of rooms, of all organisations. Every new owner has a higher
-- epoch; the clock is the database's alone.
create table chat.shards (
    shard smallint primary key,
    epoch bigint not null default 0,
    owner_id uuid,
    expires_at timestamptz not null default '-infinity'
);
insert into chat.shards (shard) select generate_series(0, 15);
create table chat.owners (
    id uuid primary key,
    seen_at timestamptz not null
);
do $$
declare name text;
begin
    foreach name in array array['shards', 'owners'] loop
        execute format('alter table chat.%I enable row level security', name);
        execute format('alter table chat.%I force row level security', name);
        execute format(
            'create policy server on chat.%I to hanse_app '
            'using (platform.current_organisation() is null)', name);
    end loop;
end
$$;
grant select, update on chat.shards to hanse_app;
grant select, insert, update, delete on chat.owners to hanse_app;
