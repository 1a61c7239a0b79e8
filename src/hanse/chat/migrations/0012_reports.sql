-- Reports of messages, and who may not come back into a room: see docs/decisions/0079-reports.md.
create table chat.reports (
    id uuid primary key,
    organisation_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    number bigint not null,
    reporter_id uuid not null,
    sender_id uuid not null,
    reason text not null check (reason in ('spam', 'harassment', 'hate', 'private', 'other')),
    note text not null default '' check (char_length(note) <= 1000),
    -- The message as the reporter saw it: it may be edited or deleted before anybody looks.
    said text not null,
    created_at timestamptz not null default now(),
    decision text check (decision in ('dismiss', 'delete', 'mute', 'remove', 'ban')),
    decided_by uuid,
    decided_at timestamptz,
    decision_note text not null default '' check (char_length(decision_note) <= 1000),
    check ((decision is null) = (decided_at is null) and (decision is null) = (decided_by is null))
);
create unique index reports_open on chat.reports (room_id, number, reporter_id)
    where decision is null;
create index reports_list on chat.reports (organisation_id, id);
create index reports_reporter on chat.reports (organisation_id, reporter_id, created_at);

create table chat.bans (
    organisation_id uuid not null,
    room_id uuid not null references chat.rooms (id) on delete cascade,
    member_id uuid not null,
    banned_at timestamptz not null default now(),
    primary key (room_id, member_id)
);

do $$
declare name text;
begin
    foreach name in array array['reports', 'bans'] loop
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
