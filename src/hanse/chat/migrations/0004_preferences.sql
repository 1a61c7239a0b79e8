-- How a member reads a room, and of what there they are told.
alter table chat.members
    add column reading text not null default 'translated'
        check (reading in ('translated', 'original', 'side_by_side')),
    add column notifications text not null default 'mentions'
        check (notifications in ('all', 'mentions', 'nothing'));
create index members_told_all on chat.members (room_id) where notifications = 'all';
