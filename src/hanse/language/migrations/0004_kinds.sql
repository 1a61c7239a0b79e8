-- What was translated, so that usage can be told apart; what was kept before were texts.
alter table language.translations
    add column kind text not null default 'text' check (kind in ('text', 'document'));
create index translations_by_time on language.translations (organisation_id, created_at);

