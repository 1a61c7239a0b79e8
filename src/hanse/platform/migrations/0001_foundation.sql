-- Roles: `hanse_app` serves requests and owns nothing; `hanse_relay` reads the outbox of all
-- organisations; `hanse_jobs` runs background work. None of them may bypass row-level security.
do $$
declare
    role_name text;
begin
    foreach role_name in array array['hanse_app', 'hanse_relay', 'hanse_jobs'] loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I login nosuperuser nocreatedb nocreaterole nobypassrls', role_name);
        end if;
    end loop;
end
$$;

revoke all on schema public from public;
grant usage on schema platform to hanse_app, hanse_relay, hanse_jobs;

-- The organisation of this transaction. A custom setting that was once set reads as '' afterwards,
-- never as null, hence nullif.
create function platform.current_organisation() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('hanse.organisation_id', true), '')::uuid;

-- Answers kept for repeats of a request that carried an Idempotency-Key.
create table platform.idempotency_keys (
    organisation_id uuid not null,
    caller text not null,
    key text not null,
    request_hash bytea not null,
    status integer not null,
    body jsonb,
    created_at timestamptz not null default now(),
    primary key (organisation_id, caller, key)
);
create index on platform.idempotency_keys (created_at);
alter table platform.idempotency_keys enable row level security;
alter table platform.idempotency_keys force row level security;
create policy tenant on platform.idempotency_keys
    using (organisation_id = platform.current_organisation());
-- Purging is the one job that belongs to no organisation.
create policy purge on platform.idempotency_keys for delete to hanse_jobs
    using (platform.current_organisation() is null);
create policy purge_select on platform.idempotency_keys for select to hanse_jobs
    using (platform.current_organisation() is null);
grant select, insert, update on platform.idempotency_keys to hanse_app;
grant select, delete on platform.idempotency_keys to hanse_jobs;

-- Token buckets (GCRA): `empty_at` is the time at which the bucket will have refilled. Unlogged:
-- a crash forgets who had used how much of the last minute, and nothing else.
create unlogged table platform.rate_buckets (
    organisation_id uuid not null,
    bucket text not null,
    full_at timestamptz not null,
    primary key (organisation_id, bucket)
);
alter table platform.rate_buckets enable row level security;
alter table platform.rate_buckets force row level security;
create policy tenant on platform.rate_buckets
    using (organisation_id = platform.current_organisation());
grant select, insert, update on platform.rate_buckets to hanse_app;
