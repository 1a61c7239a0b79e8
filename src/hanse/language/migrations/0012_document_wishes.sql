-- What a language model is to heed when it revises the translation, and whether the original stays
-- in the file beside it.
alter table language.documents
    add column formality text check (formality in ('more', 'less')),
    add column context text,
    add column custom_instructions text[] not null default '{}',
    add column is_bilingual boolean not null default false;
