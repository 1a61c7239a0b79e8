-- Texts that were corrected or rephrased count towards the usage as well.
alter table language.translations drop constraint translations_kind_check;
alter table language.translations
    add constraint translations_kind_check check (kind in ('text', 'document', 'write'));
