-- Who may not write in a room for a time. Of the person, not the membership: leaving and coming
-- back ends nothing.
create table chat.mutes (
    organisation_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    member_id uuid not null,
    muted_until timestamptz not null,
    primary key (room_id, member_id)
);
create index mutes_member on chat.mutes (organisation_id, member_id);
alter table chat.mutes enable row level security;
alter table chat.mutes force row level security;
create policy tenant on chat.mutes
    using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on chat.mutes to hanse_app, hanse_jobs;
