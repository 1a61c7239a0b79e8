-- Translations of messages: one for each revision of a message and language, whoever reads it.
-- A row without text is a claim: somebody is at it. `engine` names the models, with their hashes.
create table chat.translations (
    organisation_id uuid not null,
    room_id uuid not null,
    number bigint not null,
    revision bigint not null,
    language text not null check (char_length(language) between 2 and 35),
    source_language text not null,
    engine text,
    text text,
    untranslated integer not null default 0,
    issues jsonb not null default '[]',
    claimed_at timestamptz not null default now(),
    finished_at timestamptz,
    primary key (room_id, number, revision, language),
    check ((text is null) = (engine is null))
);
alter table chat.translations enable row level security;
alter table chat.translations force row level security;
create policy tenant on chat.translations
    using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on chat.translations to hanse_app, hanse_jobs;
