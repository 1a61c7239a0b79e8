-- What was brought in from elsewhere, so that bringing it in again brings in nothing twice. See
-- docs/decisions/0076-history-from-elsewhere.md.

-- Who somebody in an export is here, decided once: a message's sender is a part of its key. Of the
-- name that they had there only a hash is kept.
create table chat.imported_people (
    organisation_id uuid not null,
    source text not null,
    key_hash bytea not null check (octet_length(key_hash) = 32),
    person_id uuid not null,
    primary key (organisation_id, source, key_hash)
);
create index imported_people_person on chat.imported_people (organisation_id, person_id);

create table chat.imported_rooms (
    organisation_id uuid not null,
    source text not null,
    key_hash bytea not null check (octet_length(key_hash) = 32),
    room_id uuid not null references chat.rooms (id) on delete cascade,
    primary key (organisation_id, source, key_hash)
);
create index imported_rooms_room on chat.imported_rooms (room_id);

do $$
declare name text;
begin
    foreach name in array array['imported_people', 'imported_rooms'] loop
        execute format('alter table chat.%I enable row level security', name);
        execute format('alter table chat.%I force row level security', name);
        execute format(
            'create policy tenant on chat.%I '
            'using (organisation_id = platform.current_organisation())', name);
        execute format('grant select, insert on chat.%I to hanse_app, hanse_jobs', name);
    end loop;
end
$$;
