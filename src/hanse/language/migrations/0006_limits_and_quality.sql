-- How many characters an API key may use in a calendar month (UTC).
create table language.key_limits (
    organisation_id uuid not null,
    api_key_id uuid not null,
    characters bigint not null check (characters >= 0),
    primary key (organisation_id, api_key_id)
);
alter table language.key_limits enable row level security;
alter table language.key_limits force row level security;
create policy tenant on language.key_limits
    using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on language.key_limits to hanse_app;
grant select on language.key_limits to hanse_jobs;

-- Translations to be judged, with the report; kept until a day after the report.
create table language.quality_evaluations (
    id uuid primary key,
    organisation_id uuid not null,
    source_language text not null,
    target_language text not null,
    segments jsonb not null,
    report jsonb,
    error text,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index quality_evaluations_expiry on language.quality_evaluations (expires_at);
alter table language.quality_evaluations enable row level security;
alter table language.quality_evaluations force row level security;
create policy tenant on language.quality_evaluations
    using (organisation_id = platform.current_organisation());
create policy expired on language.quality_evaluations to hanse_jobs
    using (platform.current_organisation() is null and expires_at < now());
grant select, insert on language.quality_evaluations to hanse_app;
grant select, update, delete on language.quality_evaluations to hanse_jobs;
