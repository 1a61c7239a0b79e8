-- Clients of Matrix upload a file before they say into which room it goes.
alter table chat.files alter column room_id drop not null;
alter table chat.files add constraint files_sent_in_room
    check (room_id is not null or number is null);

-- What clients of Matrix keep for their person: of all rooms (null), or of one.
create table chat.matrix_account_data (
    organisation_id uuid not null,
    member_id uuid not null,
    room_id uuid references chat.rooms (id) on delete cascade,
    type text not null check (char_length(type) between 1 and 200),
    -- JSON as text: it may hold characters that jsonb does not take.
    content text not null,
    changed_at timestamptz not null,
    unique nulls not distinct (member_id, room_id, type)
);
create index matrix_account_data_changed
    on chat.matrix_account_data (organisation_id, member_id, changed_at);
create index matrix_account_data_room on chat.matrix_account_data (room_id);
alter table chat.matrix_account_data enable row level security;
alter table chat.matrix_account_data force row level security;
create policy tenant on chat.matrix_account_data
    using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on chat.matrix_account_data to hanse_app, hanse_jobs;
