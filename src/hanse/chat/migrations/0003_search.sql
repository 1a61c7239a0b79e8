-- Messages by their words. See docs/decisions/0058-messages-by-their-words.md.

-- One row for a message as it was written, and one for each translation. `words` has the words, and
-- labels for what one filters by: room, topic, sender, who is mentioned.
create table chat.findable (
    organisation_id uuid not null,
    room_id uuid not null,
    number bigint not null,
    -- Empty where the language is not known.
    language text not null,
    revision bigint not null,
    is_original boolean not null,
    sent_at timestamptz not null,
    words tsvector not null,
    primary key (room_id, number, language)
);
-- A short list of what is not in the index yet: every search reads it whole.
create index findable_words on chat.findable using gin (words) with (gin_pending_list_limit = 256);
create index findable_newest on chat.findable (organisation_id, sent_at, room_id, number);
alter table chat.findable enable row level security;
alter table chat.findable force row level security;
create policy tenant on chat.findable using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on chat.findable to hanse_app, hanse_jobs;

-- `@@` is not leakproof, so that no index of words is used below a policy. This function looks past
-- the policy, and for the organisation itself. Each query is planned by its own words: a rare one
-- by the index of words, a common one from the newest message on.
create function chat.find_messages(
    query tsquery, room_ids uuid[], since timestamptz, until timestamptz,
    before_at timestamptz, before_room uuid, before_number bigint, rows_max integer
) returns table (
    room_id uuid, number bigint, language text, revision bigint, is_original boolean,
    sent_at timestamptz
)
    language plpgsql stable security definer set search_path = ''
    as $$
begin
    return query execute
        'select f.room_id, f.number, f.language, f.revision, f.is_original, f.sent_at
        from chat.findable f
        where f.organisation_id = $9 and f.words operator(pg_catalog.@@) $1
            and f.room_id = any($2)
            and f.sent_at >= $3 and f.sent_at < $4 and f.sent_at <= $5
            and (f.sent_at, f.room_id, f.number) < ($5, $6, $7)
        order by f.sent_at desc, f.room_id desc, f.number desc limit $8'
        using query, room_ids, since, until, before_at, before_room, before_number, rows_max,
            platform.current_organisation();
end
$$;
grant usage, create on schema chat to hanse_auth;
alter function chat.find_messages owner to hanse_auth;
revoke create on schema chat from hanse_auth;
revoke all on function chat.find_messages from public;
grant execute on function chat.find_messages to hanse_app;
create policy finding on chat.findable for select to hanse_auth using (true);
grant select on chat.findable to hanse_auth;
