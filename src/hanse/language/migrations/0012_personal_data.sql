-- Who asked for a translation is forgotten with the person; that it was made and billed is not.
create index translations_of_person on language.translations (organisation_id, person_id, id)
    where person_id is not null;
create index documents_of_person on language.documents (organisation_id, person_id)
    where person_id is not null;
grant update (person_id) on language.translations to hanse_jobs;
