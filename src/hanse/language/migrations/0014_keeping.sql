-- Records of translations and the events that tell of them, in one round trip: the organisation is
-- set, both are inserted and the commit follows, where four round trips were needed before. Policies
-- hold as ever. What is there already is not inserted again, so that it may be called twice when an
-- answer was lost: all rows of a call were committed, or none.
create function language.keep_translations(organisation uuid, records jsonb, events jsonb)
    returns void
    language plpgsql set search_path = ''
    as $$
begin
    perform set_config('hanse.organisation_id', organisation::text, true);
    insert into language.translations (
        id, organisation_id, api_key_id, person_id, source_languages, target_language, texts,
        characters, sentences, models, duration_ms, reporting_tag, created_at, kind
    ) select
        id, organisation_id, api_key_id, person_id, source_languages, target_language, texts,
        characters, sentences, models, duration_ms, reporting_tag, created_at, kind
    from jsonb_populate_recordset(null::language.translations, records)
    on conflict (id) do nothing;
    if found then
        insert into platform.outbox (id, organisation_id, type, payload, traceparent)
            select id, organisation, type, payload, traceparent
            from jsonb_populate_recordset(null::platform.outbox, events);
    end if;
end;
$$;
