-- Who may address everybody in a room, or groups.
alter table chat.rooms add column reach_all text not null default 'by_size'
    check (reach_all in ('by_size', 'everybody', 'moderators'));
