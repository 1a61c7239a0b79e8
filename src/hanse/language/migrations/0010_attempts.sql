-- Slow requests that run, and what became of them: see docs/decisions/0030. What stands here means
-- something for seconds only, so it is not logged, and a crash of the database may empty it.
-- The answer is sealed under a key that only somebody with the request can make.
create unlogged table language.attempts (
    id uuid not null,
    organisation_id uuid not null,
    request_hash bytea not null,
    answer bytea,
    -- Whoever runs the attempt moves it on; an answer is kept until then.
    lease_until timestamptz not null,
    primary key (organisation_id, request_hash)
);
create index attempts_lease on language.attempts (lease_until);

alter table language.attempts enable row level security;
alter table language.attempts force row level security;
create policy tenant on language.attempts
    using (organisation_id = platform.current_organisation());
-- Web processes look once a second which requests run elsewhere, of all organisations at once.
create policy listing on language.attempts for select to hanse_app
    using (platform.current_organisation() is null);
create policy expired on language.attempts to hanse_jobs
    using (platform.current_organisation() is null and lease_until < now());
grant select, insert, update, delete on language.attempts to hanse_app;
grant select, delete on language.attempts to hanse_jobs;
