grant usage on schema language to hanse_app, hanse_jobs;

-- One row for each answered request. The text itself is never kept.
create table language.translations (
    id uuid primary key,
    organisation_id uuid not null,
    api_key_id uuid,
    person_id uuid,
    source_languages text[] not null,
    target_language text not null,
    texts integer not null check (texts > 0),
    characters bigint not null check (characters >= 0),
    sentences integer not null check (sentences >= 0),
    models text[] not null,
    duration_ms integer not null check (duration_ms >= 0),
    reporting_tag text,
    created_at timestamptz not null
);
create index translations_page on language.translations (organisation_id, id);

-- A projection of the event language.text_translated.v1. Requests of people have no API key.
create table language.usage_days (
    id uuid primary key,
    organisation_id uuid not null,
    api_key_id uuid,
    day date not null,
    characters bigint not null check (characters >= 0),
    requests bigint not null check (requests > 0),
    unique nulls not distinct (organisation_id, api_key_id, day)
);
create index usage_days_by_day on language.usage_days (organisation_id, day);

alter table language.translations enable row level security;
alter table language.translations force row level security;
create policy tenant on language.translations
    using (organisation_id = platform.current_organisation());
grant select, insert on language.translations to hanse_app, hanse_jobs;

alter table language.usage_days enable row level security;
alter table language.usage_days force row level security;
create policy tenant on language.usage_days
    using (organisation_id = platform.current_organisation());
grant select on language.usage_days to hanse_app;
grant select, insert, update on language.usage_days to hanse_jobs;
