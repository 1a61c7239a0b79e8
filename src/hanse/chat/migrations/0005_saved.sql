-- Messages that somebody keeps for themselves, and when they want to be reminded of them.
create table chat.saved (
    organisation_id uuid not null,
    member_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    number bigint not null,
    saved_at timestamptz not null default now(),
    remind_at timestamptz,
    primary key (member_id, room_id, number)
);
create index saved_newest on chat.saved (organisation_id, member_id, saved_at, room_id, number);
create index saved_message on chat.saved (room_id, number);
alter table chat.saved enable row level security;
alter table chat.saved force row level security;
create policy tenant on chat.saved using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on chat.saved to hanse_app, hanse_jobs;
