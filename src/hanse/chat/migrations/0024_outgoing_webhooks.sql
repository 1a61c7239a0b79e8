-- What of a room is sent to an address: see docs/decisions/0093-outgoing-webhooks-and-commands.md.
-- The address itself, its secret and its deliveries are a webhook of identity.
create table chat.outgoing_webhooks (
    bot_id uuid primary key references chat.bots (id) on delete cascade,
    organisation_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    webhook_id uuid not null unique,
    sends text not null check (sends in ('all', 'word', 'mention', 'command')),
    -- In small letters: with what a message begins, or the name of a command.
    word text check (char_length(word) between 1 and 50),
    hint text not null default '' check (char_length(hint) <= 100),
    description text not null default '' check (char_length(description) <= 200),
    check ((word is not null) = (sends in ('word', 'command')))
);
create index outgoing_webhooks_room on chat.outgoing_webhooks (room_id, bot_id);
create unique index outgoing_webhooks_command on chat.outgoing_webhooks (room_id, word)
    where sends = 'command';

alter table chat.outgoing_webhooks enable row level security;
alter table chat.outgoing_webhooks force row level security;
create policy tenant on chat.outgoing_webhooks
    using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on chat.outgoing_webhooks to hanse_app, hanse_jobs;
