-- Webhooks: where events are sent to, what is on its way, and what came of each attempt.

create table identity.webhooks (
    id uuid primary key,
    organisation_id uuid not null references identity.organisations (id),
    created_by uuid references identity.people (id),
    url text not null check (length(url) between 1 and 2000),
    description text not null default '' check (length(description) <= 500),
    -- Empty: all types, those to come included.
    event_types text[] not null default '{}',
    active boolean not null default true,
    disabled_reason text check (disabled_reason in ('failing', 'gone', 'backlog')),
    sealed_secret bytea not null,
    -- After a rotation both secrets sign, until then.
    sealed_previous bytea,
    previous_until timestamptz,
    -- Attempts that failed in a row, and since when.
    failures integer not null default 0,
    failing_since timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (organisation_id, id)
);
create index webhooks_page on identity.webhooks (organisation_id, id);

-- One row for each event and webhook. `body` is signed and sent byte for byte, each time the same.
create table identity.webhook_deliveries (
    id uuid primary key,
    organisation_id uuid not null default platform.current_organisation(),
    webhook_id uuid not null,
    event_id uuid not null,
    type text not null,
    body text not null,
    status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
    -- When it may be picked. Picking moves this ahead by the lease, so what a dead process had in
    -- hand falls due by itself.
    due_at timestamptz not null default now(),
    -- Attempts ever, and since the last replay; both count when picked. `attempts` is the fence: a
    -- process may settle a delivery only under the number that it picked it with.
    attempts integer not null default 0,
    tries integer not null default 0,
    tries_max integer not null,
    last_status_code integer,
    last_error text,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    -- An event that comes a second time makes no second delivery.
    unique (webhook_id, event_id),
    unique (organisation_id, id),
    foreign key (organisation_id, webhook_id)
        references identity.webhooks (organisation_id, id) on delete cascade
);
create index webhook_deliveries_page on identity.webhook_deliveries (webhook_id, id);
create index webhook_deliveries_due on identity.webhook_deliveries (webhook_id, due_at)
    where status = 'pending';
create index webhook_deliveries_next on identity.webhook_deliveries (due_at)
    where status = 'pending';
create index webhook_deliveries_age on identity.webhook_deliveries (finished_at)
    where status <> 'pending';

create table identity.webhook_attempts (
    organisation_id uuid not null default platform.current_organisation(),
    delivery_id uuid not null,
    number integer not null,
    at timestamptz not null,
    duration_ms integer not null check (duration_ms >= 0),
    status_code integer,
    error text,
    response text,
    primary key (delivery_id, number),
    foreign key (organisation_id, delivery_id)
        references identity.webhook_deliveries (organisation_id, id) on delete cascade
);

do $$
declare
    each text;
begin
    foreach each in array array['webhooks', 'webhook_deliveries', 'webhook_attempts'] loop
        execute format('alter table identity.%I enable row level security', each);
        execute format('alter table identity.%I force row level security', each);
        execute format('create policy tenant on identity.%I using (organisation_id = platform.current_organisation())', each);
        execute format('grant select, insert, update, delete on identity.%I to hanse_app', each);
    end loop;
end
$$;
-- The deliverer picks what is due of all organisations, and settles it in each one's transaction.
create policy deliverer on identity.webhooks for select to hanse_jobs
    using (platform.current_organisation() is null);
create policy deliverer on identity.webhook_deliveries to hanse_jobs
    using (platform.current_organisation() is null);
