-- Everything about a person as one archive, and forgetting a person.

-- An erased person stays as a tombstone: other records keep an id that leads to nobody.
alter table identity.people add column erased_at timestamptz;

create table identity.personal_exports (
    person_id uuid primary key references identity.people (id),
    organisation_id uuid not null default platform.current_organisation(),
    id uuid not null,
    requested_by uuid references identity.people (id),
    status text not null default 'queued' check (status in ('queued', 'done', 'failed')),
    archive bytea,
    bytes bigint,
    error text,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    expires_at timestamptz
);
-- A zip is as small as it gets; uncompressed, a part of it can be read without the rest.
alter table identity.personal_exports alter column archive set storage external;
create index personal_exports_expiry on identity.personal_exports (expires_at);

create table identity.erasures (
    person_id uuid primary key references identity.people (id),
    organisation_id uuid not null default platform.current_organisation(),
    requested_by uuid references identity.people (id),
    requested_at timestamptz not null default now(),
    completed_at timestamptz
);

do $$
declare
    each text;
begin
    foreach each in array array['personal_exports', 'erasures'] loop
        execute format('alter table identity.%I enable row level security', each);
        execute format('alter table identity.%I force row level security', each);
        execute format('create policy tenant on identity.%I using (organisation_id = platform.current_organisation())', each);
        execute format('grant select, insert, update, delete on identity.%I to hanse_app', each);
    end loop;
end
$$;
create policy expired on identity.personal_exports to hanse_jobs
    using (platform.current_organisation() is null and expires_at < now());

grant delete on identity.sessions, identity.sign_in_links to hanse_app;

-- Nobody may change what was noted, except that names and addresses of somebody who was erased go;
-- what was done by whom to whom, and when, stays under the ids.
grant usage, create on schema identity to hanse_auth;
grant select, update (actor_name, target_name, details, address, user_agent)
    on identity.audit_events to hanse_auth;
create policy erasure on identity.audit_events for update to hanse_auth
    using (organisation_id = platform.current_organisation());

create function identity.forget_in_audit_log(organisation uuid, person uuid) returns void
    language plpgsql security definer set search_path = ''
    as $$
    begin
        if not exists (
            select from identity.people p
            where p.organisation_id = organisation and p.id = person and p.erased_at is not null
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
