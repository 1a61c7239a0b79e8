-- What somebody has begun to write, at one place of a room: in it, in a topic, or in a thread.
-- `version` is the time of writing in microseconds: it grows although a draft was deleted.
create table chat.drafts (
    organisation_id uuid not null,
    member_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    topic text not null default '' check (char_length(topic) <= 100),
    thread bigint not null default 0 check (thread >= 0),
    text text not null check (char_length(text) between 1 and 20000),
    version bigint not null,
    primary key (member_id, room_id, topic, thread)
);
create index drafts_newest on chat.drafts (organisation_id, member_id, version);
create index drafts_room on chat.drafts (room_id);
alter table chat.drafts enable row level security;
alter table chat.drafts force row level security;
create policy tenant on chat.drafts using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on chat.drafts to hanse_app, hanse_jobs;
