-- Bots that owners of rooms made: see docs/decisions/0092-bots-of-a-room.md. A bot is an API key of
-- that id, which has its name and is a member of the room.
create table chat.bots (
    id uuid primary key,
    organisation_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    created_by uuid not null,
    created_at timestamptz not null default now()
);
create index bots_room on chat.bots (room_id, id);

-- Addresses at which a bot posts for whoever knows the secret in them. `topic` is that of what comes
-- without one.
create table chat.incoming_webhooks (
    bot_id uuid primary key references chat.bots (id) on delete cascade,
    organisation_id uuid not null,
    room_id uuid not null,
    secret_hash bytea not null unique,
    topic text check (char_length(topic) between 1 and 100),
    posted_at timestamptz
);

do $$
declare name text;
begin
    foreach name in array array['bots', 'incoming_webhooks'] loop
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

-- Whoever posts says by the secret alone which organisation it is.
grant usage, create on schema chat to hanse_auth;
grant select on chat.incoming_webhooks to hanse_auth;
create policy authentication on chat.incoming_webhooks for select to hanse_auth using (true);
create function chat.find_incoming_webhook(hash bytea)
    returns table (bot_id uuid, organisation_id uuid, room_id uuid, topic text)
    language sql stable security definer set search_path = ''
    begin atomic
        select w.bot_id, w.organisation_id, w.room_id, w.topic
        from chat.incoming_webhooks w where w.secret_hash = hash;
    end;
alter function chat.find_incoming_webhook(bytea) owner to hanse_auth;
revoke create on schema chat from hanse_auth;
