-- One tombstone: whoever is gone for good is `removed`, whether a provider removed them or they were
-- erased; that a name was forgotten as well is told by identity.erasures, and when it was by the
-- audit log. See docs/decisions/0069-one-tombstone.md.
do $$
begin
    execute 'alter table identity.people no force row level security';
    execute 'alter table identity.people_terms no force row level security';
    alter table identity.people drop constraint people_status_check;
    alter table identity.people add constraint people_status_check
        check (status in ('active', 'deactivated', 'removed'));
    alter table identity.people disable trigger revise;
    update identity.people
        set status = 'removed', email = id || '@removed.invalid'
        where removed_at is not null or erased_at is not null;
    alter table identity.people enable trigger revise;
    -- The new address put them into the directory.
    delete from identity.people_terms t using identity.people p
        where p.id = t.person_id and p.status = 'removed';
    alter table identity.people drop column removed_at, drop column erased_at;
    execute 'alter table identity.people force row level security';
    execute 'alter table identity.people_terms force row level security';
end
$$;

grant usage, create on schema identity to hanse_auth;
grant select on identity.erasures to hanse_auth;
create or replace function identity.forget_in_audit_log(organisation uuid, person uuid) returns void
    language plpgsql security definer set search_path = ''
    as $$
    begin
        if not exists (
            select from identity.erasures e
            where e.organisation_id = organisation and e.person_id = person
        ) then
            return;
        end if;
        update identity.audit_events e
        set actor_name = null, address = null, user_agent = null,
            target_name = case when e.target_kind <> 'passkey' then e.target_name end
        where e.organisation_id = organisation and e.actor_id = person;
        update identity.audit_events e
        set target_name = null,
            details = e.details
                - array['email', 'name', 'locale', 'time_zone', 'languages', 'person'],
            address = case when e.actor_kind <> 'system' then e.address end,
            user_agent = case when e.actor_kind <> 'system' then e.user_agent end
        where e.organisation_id = organisation and e.target_id = person;
        update identity.audit_events e set details = e.details - 'person'
        where e.organisation_id = organisation
            and e.action in ('group.member_added', 'group.members_followed')
            and e.details ->> 'person_id' = person::text;
    end
    $$;
alter function identity.forget_in_audit_log(uuid, uuid) owner to hanse_auth;
revoke create on schema identity from hanse_auth;
