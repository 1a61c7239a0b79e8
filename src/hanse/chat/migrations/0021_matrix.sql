-- Clients of Matrix ask for the translations that were made since they last asked.
create index translations_finished on chat.translations (organisation_id, finished_at)
    where finished_at is not null;
