-- Files of rooms. See docs/decisions/0062-files-in-rooms.md.
create table chat.files (
    id uuid primary key,
    organisation_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    uploader_id uuid not null,
    -- The message that it came with; null before it is sent.
    number bigint,
    name text not null check (char_length(name) between 1 and 200),
    media_type text not null,
    bytes bigint not null check (bytes > 0),
    sha256 bytea not null,
    width integer check (width > 0),
    height integer check (height > 0),
    thumbnail bytea,
    created_at timestamptz not null default now(),
    check ((width is null) = (thumbnail is null) and (width is null) = (height is null))
);
create index files_message on chat.files (room_id, number) where number is not null;
create index files_unsent on chat.files (organisation_id, uploader_id, created_at)
    where number is null;
create index files_unsent_age on chat.files (created_at) where number is null;
create index files_uploader on chat.files (organisation_id, uploader_id);

-- The content, in pieces of a fixed size, so that a part of it is read without the rest.
create table chat.file_parts (
    organisation_id uuid not null,
    file_id uuid not null references chat.files (id) on delete cascade,
    place integer not null check (place >= 0),
    data bytea not null,
    primary key (file_id, place)
);
-- Most of it is compressed already.
alter table chat.file_parts alter column data set storage external;
alter table chat.files alter column thumbnail set storage external;

do $$
declare name text;
begin
    foreach name in array array['files', 'file_parts'] loop
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
create policy unsent on chat.files to hanse_jobs
    using (platform.current_organisation() is null and number is null
        and created_at < now() - interval '1 day');
