-- Background jobs: a row is a job that waits, runs or was given up; a finished job is no row.
create schema queue;
grant usage on schema queue to hanse_app, hanse_jobs;

create table queue.jobs (
    id bigint generated always as identity primary key,
    -- Null: a job of the installation, such as a periodic one, not of an organisation.
    organisation_id uuid default platform.current_organisation(),
    name text not null,
    key text,
    payload jsonb not null,
    priority integer not null default 0,
    -- When it may be picked. Picking moves this ahead by the lease, heartbeats move it on, so the
    -- job of a dead worker falls due by itself.
    due_at timestamptz not null,
    -- Counted when picked, so that a job that kills its worker is given up too, and the fence: a
    -- worker may finish or move a job only under the number that it picked it with.
    attempts integer not null default 0,
    held_at timestamptz,
    error text,
    traceparent text,
    created_at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
create index jobs_due on queue.jobs (priority desc, due_at) where held_at is null;
create unique index jobs_key on queue.jobs (organisation_id, name, key) nulls not distinct
    where held_at is null and key is not null;
create index jobs_held on queue.jobs (organisation_id, held_at) where held_at is not null;
alter table queue.jobs enable row level security;
alter table queue.jobs force row level security;
create policy tenant on queue.jobs to hanse_app
    using (organisation_id = platform.current_organisation());
create policy worker on queue.jobs to hanse_jobs
    using (platform.current_organisation() is null);
grant select, insert, update (due_at, attempts, held_at, error) on queue.jobs to hanse_app;
grant delete on queue.jobs to hanse_jobs;

create table queue.periodic (
    name text primary key,
    expression text not null,
    next_at timestamptz not null,
    fired_at timestamptz
);
alter table queue.periodic enable row level security;
alter table queue.periodic force row level security;
create policy worker on queue.periodic to hanse_jobs using (true);
grant select, insert, update on queue.periodic to hanse_jobs;
