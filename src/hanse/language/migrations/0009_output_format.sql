-- What the translation is written as; null: as the document itself.
alter table language.documents add column output_format text;
