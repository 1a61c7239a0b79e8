-- Notifications: an inbox a person, what is to be sent about its entries, and what people chose.

-- The last number given in an inbox. Its row is locked until the change commits, so whoever has seen
-- a number has seen all that are lower.
create table identity.inboxes (
    person_id uuid primary key references identity.people (id) on delete cascade,
    organisation_id uuid not null,
    last_number bigint not null default 0
);

create table identity.notifications (
    id uuid primary key,
    organisation_id uuid not null,
    person_id uuid not null references identity.people (id) on delete cascade,
    kind text not null,
    topic text not null default '',
    facts jsonb not null,
    link text check (length(link) <= 2000),
    count integer not null default 1 check (count > 0),
    number bigint not null,
    position bigint not null,
    in_app boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    read_at timestamptz
);
create index notifications_page on identity.notifications (person_id, position) where in_app;
create index notifications_changes on identity.notifications (person_id, number) where in_app;
create index notifications_unread on identity.notifications (person_id)
    where in_app and read_at is null;
create index notifications_latest on identity.notifications (person_id, kind, topic, position);
create index notifications_age on identity.notifications (updated_at);

create table identity.push_subscriptions (
    id uuid primary key,
    organisation_id uuid not null,
    person_id uuid not null references identity.people (id) on delete cascade,
    -- It ends with the session in which it was made: who has signed out is not written to.
    session_id uuid not null references identity.sessions (id) on delete cascade,
    endpoint_hash bytea not null,
    -- Whoever knows the address and the keys can write to the browser.
    sealed bytea not null,
    service text not null,
    user_agent text,
    created_at timestamptz not null default now(),
    unique (person_id, endpoint_hash)
);
create index push_subscriptions_session on identity.push_subscriptions (session_id);

create table identity.notification_deliveries (
    id uuid primary key,
    organisation_id uuid not null,
    person_id uuid not null references identity.people (id) on delete cascade,
    notification_id uuid not null references identity.notifications (id) on delete cascade,
    channel text not null check (channel in ('email', 'push')),
    -- The subscription that is written to; null for e-mail.
    subscription_id uuid references identity.push_subscriptions (id) on delete cascade,
    digest boolean not null default false,
    due_at timestamptz not null,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'skipped', 'failed')),
    settled_at timestamptz,
    error text
);
create unique index notification_deliveries_waiting
    on identity.notification_deliveries (notification_id, channel, subscription_id)
    nulls not distinct where state = 'waiting';
create index notification_deliveries_due on identity.notification_deliveries (person_id, due_at)
    where state = 'waiting';
create index notification_deliveries_of on identity.notification_deliveries (notification_id);
create index notification_deliveries_subscription
    on identity.notification_deliveries (subscription_id);

create table identity.notification_habits (
    person_id uuid primary key references identity.people (id) on delete cascade,
    organisation_id uuid not null,
    quiet_start time,
    quiet_end time,
    daily_hour smallint not null check (daily_hour between 0 and 23),
    check ((quiet_start is null) = (quiet_end is null) and quiet_start <> quiet_end)
);

create table identity.notification_choices (
    organisation_id uuid not null,
    person_id uuid not null references identity.people (id) on delete cascade,
    kind text not null,
    in_app boolean not null,
    email text not null check (email in ('off', 'now', 'hourly', 'daily')),
    push boolean not null,
    primary key (person_id, kind)
);

do $$
declare
    each text;
begin
    foreach each in array array['inboxes', 'notifications', 'push_subscriptions',
        'notification_deliveries', 'notification_habits', 'notification_choices']
    loop
        execute format('alter table identity.%I enable row level security', each);
        execute format('alter table identity.%I force row level security', each);
        execute format('create policy tenant on identity.%I using (organisation_id = platform.current_organisation())', each);
        execute format('grant select, insert, update, delete on identity.%I to hanse_app', each);
    end loop;
end
$$;
-- What the purge may see and delete, in a transaction of no organisation.
create policy purge on identity.notifications to hanse_jobs
    using (platform.current_organisation() is null and updated_at < now() - interval '90 days');

-- Which browser a session was begun in, as its own cookie says.
alter table identity.sessions add column device_hash bytea;
create index sessions_device on identity.sessions (person_id, device_hash);

-- Keys that were made before anybody was told that theirs is about to expire.
do $$
begin
    execute 'alter table identity.api_keys no force row level security';
    execute 'alter table queue.jobs no force row level security';
    insert into queue.jobs (organisation_id, name, key, payload, due_at)
        select organisation_id, 'identity.warn_of_expiry', id::text,
            jsonb_build_object('api_key_id', id), expires_at - interval '7 days'
        from identity.api_keys
        where revoked_at is null and expires_at > now();
    execute 'alter table identity.api_keys force row level security';
    execute 'alter table queue.jobs force row level security';
end
$$;
