-- Events on their way out (outbox, relay_cursors) and in (consumed, dead_letters).
--
-- Who sees what: `hanse_app` only its organisation's rows; `hanse_relay` all of the outbox;
-- `hanse_jobs`, beyond the rights of `hanse_app`, all rows of these tables in a transaction that
-- belongs to no organisation, and no more than `hanse_app` in one that does.
grant hanse_app to hanse_jobs;

create table platform.outbox (
    seq bigint generated always as identity,
    -- The relay reads in the order of (xid, seq) and stays behind pg_snapshot_xmin: a row whose
    -- transaction commits late has a place that the cursor has not passed. By `seq` alone it would.
    xid xid8 not null default pg_current_xact_id(),
    id uuid not null,
    organisation_id uuid not null default platform.current_organisation(),
    type text not null,
    payload jsonb not null,
    traceparent text,
    created_at timestamptz not null default now(),
    primary key (xid, seq)
);
alter table platform.outbox enable row level security;
alter table platform.outbox force row level security;
create policy tenant on platform.outbox to hanse_app
    using (organisation_id = platform.current_organisation());
create policy relay on platform.outbox to hanse_relay using (true);
create policy purge on platform.outbox to hanse_jobs
    using (platform.current_organisation() is null);
grant select, insert on platform.outbox to hanse_app;
grant select, delete, update (xid) on platform.outbox to hanse_relay;
grant delete on platform.outbox to hanse_jobs;

-- How far the relay has come, and with which cluster and stream: the numbers mean nothing to
-- another one (a restored dump, an emptied JetStream).
create table platform.relay_cursors (
    name text primary key,
    last_xid xid8 not null default '0',
    last_seq bigint not null default 0,
    cluster_id bigint,
    stream_created_at timestamptz,
    stream_seq bigint not null default 0,
    moved_at timestamptz not null default now()
);
insert into platform.relay_cursors (name) values ('events');
alter table platform.relay_cursors enable row level security;
alter table platform.relay_cursors force row level security;
create policy relay on platform.relay_cursors to hanse_relay using (true);
create policy purge on platform.relay_cursors for select to hanse_jobs using (true);
grant select, update on platform.relay_cursors to hanse_relay;
grant select on platform.relay_cursors to hanse_jobs;

-- Written in the transaction of a consumer's effect: an event that comes twice is applied once.
create table platform.consumed (
    organisation_id uuid not null default platform.current_organisation(),
    consumer text not null,
    event_id uuid not null,
    consumed_at timestamptz not null default now(),
    primary key (organisation_id, consumer, event_id)
);
create index on platform.consumed (consumed_at);
alter table platform.consumed enable row level security;
alter table platform.consumed force row level security;
create policy tenant on platform.consumed to hanse_app
    using (organisation_id = platform.current_organisation());
create policy purge on platform.consumed to hanse_jobs
    using (platform.current_organisation() is null);
grant select, insert on platform.consumed to hanse_app;
grant delete on platform.consumed to hanse_jobs;

-- Events that a consumer gave up. `message` is the body as it came, which may be no JSON at all.
create table platform.dead_letters (
    organisation_id uuid not null default platform.current_organisation(),
    consumer text not null,
    event_id uuid not null,
    subject text not null,
    message bytea not null,
    error text not null,
    deliveries integer not null,
    failed_at timestamptz not null default now(),
    primary key (organisation_id, consumer, event_id)
);
alter table platform.dead_letters enable row level security;
alter table platform.dead_letters force row level security;
create policy tenant on platform.dead_letters to hanse_app
    using (organisation_id = platform.current_organisation());
create policy overview on platform.dead_letters for select to hanse_jobs
    using (platform.current_organisation() is null);
grant select, insert, update, delete on platform.dead_letters to hanse_app;
