-- Clients of Matrix upload a file before they say into which room it goes.
alter table chat.files alter column room_id drop not null;
alter table chat.files add constraint files_sent_in_room
    check (room_id is not null or number is null);
