-- People's settings, the directory, groups, ways to sign in, and the audit log.

grant usage, create on schema identity to hanse_auth;

alter table identity.organisations
    add column password_sign_in boolean not null default true,
    add column audit_retention_days integer not null default 365
        check (audit_retention_days between 30 and 3650);

-- Under row-level security an index over lower(email) is never used, because lower() might leak; a
-- stored column compared by = is. See docs/decisions/0003-row-level-security.md.
alter table identity.people
    add column email_key text not null generated always as (lower(email)) stored,
    add column locale text not null default 'en',
    add column time_zone text not null default 'UTC',
    add column languages text[] not null default '{}',
    add column status text not null default 'active' check (status in ('active', 'deactivated')),
    add column photo_at timestamptz,
    drop constraint people_role_check,
    add constraint people_role_check
        check (role in ('owner', 'admin', 'member', 'guest', 'service'));
create unique index people_email_key on identity.people (email_key, organisation_id);
drop index identity.people_email;
create index people_owners on identity.people (organisation_id) where role = 'owner';

create table identity.photos (
    person_id uuid primary key references identity.people (id) on delete cascade,
    organisation_id uuid not null,
    image bytea not null check (length(image) <= 262144)
);

-- The directory: every place in a name or address at which a search may begin. A prefix of a term
-- is found by a range of the index, so a page costs the same however many people match.
create table identity.people_terms (
    organisation_id uuid not null,
    rank smallint not null, -- 0: the beginning of a word; 1: within one
    term text collate "C" not null,
    person_id uuid not null references identity.people (id) on delete cascade,
    primary key (organisation_id, rank, term, person_id)
);
create index people_terms_person on identity.people_terms (person_id);

create function identity.fold(text) returns text
    language sql immutable parallel safe set search_path = ''
    return regexp_replace(normalize(lower($1), nfkd), '[\u0300-\u036f]', '', 'g');

create function identity.directory_terms(name text, email text)
    returns table (rank smallint, term text)
    language sql immutable set search_path = ''
    begin atomic
        select min(found.rank)::smallint, found.term
        from (
            select
                case when i = 1 or substr(source, i - 1, 1) !~ '[[:alnum:]]' then 0 else 1 end,
                left(substr(source, i), 64)
            from (
                values
                    (identity.fold(name), length(identity.fold(name))),
                    -- Of an address, up to where its domain begins: most domains are alike.
                    (identity.fold(email), position('@' in identity.fold(email)) + 1)
            ) as sources (source, until)
            cross join lateral generate_series(1, until) as i
            where substr(source, i, 1) ~ '[[:alnum:]]'
        ) as found (rank, term)
        group by found.term;
    end;

create function identity.index_person() returns trigger
    language plpgsql set search_path = ''
    as $$
    begin
        if tg_op = 'UPDATE' then
            delete from identity.people_terms where person_id = new.id;
        end if;
        insert into identity.people_terms (organisation_id, rank, term, person_id)
            select new.organisation_id, t.rank, t.term, new.id
            from identity.directory_terms(new.name, new.email) t;
        return null;
    end
    $$;
create trigger index_person after insert or update of name, email on identity.people
    for each row execute function identity.index_person();

create table identity.groups (
    id uuid primary key,
    organisation_id uuid not null references identity.organisations (id),
    name text not null check (length(name) between 1 and 200),
    name_key text not null generated always as (lower(name)) stored,
    description text not null default '' check (length(description) <= 2000),
    permissions text[] not null default '{}',
    external_id text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index groups_name on identity.groups (organisation_id, name_key);
create unique index groups_page on identity.groups (organisation_id, id);

create table identity.group_members (
    organisation_id uuid not null,
    group_id uuid not null references identity.groups (id) on delete cascade,
    person_id uuid not null references identity.people (id) on delete cascade,
    is_manager boolean not null default false,
    -- The identity provider that keeps this membership up to date; null: people do.
    provider_id uuid,
    created_at timestamptz not null default now(),
    primary key (group_id, person_id)
);
create index group_members_person on identity.group_members (person_id, group_id);

-- All who are in `child_id` are in `parent_id`. Never a circle: see groups/service.py.
create table identity.group_parents (
    organisation_id uuid not null,
    parent_id uuid not null references identity.groups (id) on delete cascade,
    child_id uuid not null references identity.groups (id) on delete cascade,
    primary key (child_id, parent_id),
    check (parent_id <> child_id)
);
create index group_parents_parent on identity.group_parents (parent_id, child_id);

alter table identity.api_keys
    add column requests_per_minute integer check (requests_per_minute > 0);

alter table identity.sessions
    add column method text not null default 'link'
        check (method in ('link', 'password', 'passkey', 'oidc')),
    add column address text,
    add column user_agent text,
    add column last_seen_at timestamptz;
create index sessions_person on identity.sessions (person_id) where revoked_at is null;
-- Whether somebody with a second factor must give it: not when an administrator made the link.
alter table identity.sign_in_links add column second_factor boolean not null default false;
create index sign_in_links_person on identity.sign_in_links (person_id) where used_at is null;

create table identity.passwords (
    person_id uuid primary key references identity.people (id) on delete cascade,
    organisation_id uuid not null,
    hash text not null,
    changed_at timestamptz not null default now()
);

create table identity.totp (
    person_id uuid primary key references identity.people (id) on delete cascade,
    organisation_id uuid not null,
    sealed_secret bytea not null,
    confirmed_at timestamptz,
    -- The last time step whose code was used: a code works once (RFC 6238, section 5.2).
    last_step bigint not null default 0
);

create table identity.recovery_codes (
    organisation_id uuid not null,
    person_id uuid not null references identity.people (id) on delete cascade,
    code_hash bytea not null,
    used_at timestamptz,
    primary key (person_id, code_hash)
);

create table identity.passkeys (
    id uuid primary key,
    organisation_id uuid not null,
    person_id uuid not null references identity.people (id) on delete cascade,
    name text not null check (length(name) between 1 and 200),
    credential_id bytea not null unique,
    public_key bytea not null,
    sign_count bigint not null,
    transports text[] not null default '{}',
    created_at timestamptz not null default now(),
    last_used_at timestamptz
);
create index passkeys_person on identity.passkeys (person_id, id);

create table identity.identity_providers (
    id uuid primary key,
    organisation_id uuid not null references identity.organisations (id),
    name text not null check (length(name) between 1 and 200),
    issuer text not null,
    client_id text not null,
    sealed_client_secret bytea,
    scopes text[] not null,
    allowed_domains text[] not null default '{}',
    provisioning boolean not null default false,
    default_role text not null default 'member' check (default_role in ('member', 'guest')),
    groups_claim text not null default 'groups',
    group_mapping jsonb not null default '{}',
    enabled boolean not null default true,
    created_at timestamptz not null default now()
);
create index identity_providers_page on identity.identity_providers (organisation_id, id);

-- Who somebody is at an identity provider.
create table identity.identities (
    organisation_id uuid not null,
    provider_id uuid not null references identity.identity_providers (id) on delete cascade,
    subject text not null,
    person_id uuid not null references identity.people (id) on delete cascade,
    created_at timestamptz not null default now(),
    primary key (provider_id, subject)
);
create index identities_person on identity.identities (person_id);

-- Half-done sign-ins and registrations: what the second step must find again. `organisation_id` is
-- null until somebody knows whose it is; those rows are seen by transactions of no organisation.
create table identity.ceremonies (
    token_hash bytea primary key,
    organisation_id uuid,
    kind text not null,
    data jsonb not null,
    expires_at timestamptz not null
);
create index ceremonies_expiry on identity.ceremonies (expires_at);

-- Wrong passwords by account and by address, under hashes. Counted before anybody knows whether
-- there is such an account, so they belong to no organisation.
create table identity.sign_in_failures (
    bucket bytea primary key,
    failures integer not null,
    last_at timestamptz not null
);
create index sign_in_failures_age on identity.sign_in_failures (last_at);

create table identity.audit_events (
    id uuid not null,
    organisation_id uuid not null,
    at timestamptz not null default now(),
    actor_kind text not null check (actor_kind in ('person', 'api_key', 'operator', 'system')),
    actor_id uuid,
    actor_name text,
    action text not null,
    target_kind text,
    target_id uuid,
    target_name text,
    address text,
    user_agent text,
    request_id text,
    details jsonb not null default '{}',
    primary key (organisation_id, id)
);
create index audit_events_actor on identity.audit_events (organisation_id, actor_id, id);
create index audit_events_target on identity.audit_events (organisation_id, target_id, id);
create index audit_events_action on identity.audit_events (organisation_id, action, id);
create index audit_events_age on identity.audit_events (at);

do $$
declare
    each text;
begin
    foreach each in array array['photos', 'people_terms', 'groups', 'group_members',
        'group_parents', 'passwords', 'totp', 'recovery_codes', 'passkeys', 'identity_providers',
        'identities', 'audit_events']
    loop
        execute format('alter table identity.%I enable row level security', each);
        execute format('alter table identity.%I force row level security', each);
        execute format('grant select, insert on identity.%I to hanse_app', each);
        continue when each = 'audit_events';
        execute format('create policy tenant on identity.%I using (organisation_id = platform.current_organisation())', each);
        execute format('grant update, delete on identity.%I to hanse_app', each);
    end loop;
    foreach each in array array['groups', 'group_members', 'group_parents', 'passkeys',
        'identity_providers']
    loop
        execute format('create policy authentication on identity.%I for select to hanse_auth using (true)', each);
        execute format('grant select on identity.%I to hanse_auth', each);
    end loop;
end
$$;
-- Nobody that Hanse connects as may change what was noted. hanse_jobs may delete what is older than
-- its organisation keeps (policy purge, below), and nothing in an organisation's own transaction.
create policy tenant_select on identity.audit_events for select
    using (organisation_id = platform.current_organisation());
create policy tenant_insert on identity.audit_events for insert
    with check (organisation_id = platform.current_organisation());
grant delete on identity.audit_events to hanse_jobs;

alter table identity.ceremonies enable row level security;
alter table identity.ceremonies force row level security;
create policy tenant on identity.ceremonies
    using (organisation_id is not distinct from platform.current_organisation());
grant select, insert, delete on identity.ceremonies to hanse_app;

alter table identity.sign_in_failures enable row level security;
alter table identity.sign_in_failures force row level security;
create policy anybody on identity.sign_in_failures using (platform.current_organisation() is null);
grant select, insert, update, delete on identity.sign_in_failures to hanse_app;

-- Rows written before there was a directory.
do $$
declare
    each record;
begin
    execute 'alter table identity.people no force row level security';
    execute 'alter table identity.people_terms no force row level security';
    insert into identity.people_terms (organisation_id, rank, term, person_id)
        select p.organisation_id, t.rank, t.term, p.id
        from identity.people p, identity.directory_terms(p.name, p.email) t;
    execute 'alter table identity.people force row level security';
    execute 'alter table identity.people_terms force row level security';
end
$$;

-- A function's result cannot be changed in place.
drop function identity.find_session(bytea);
drop function identity.find_api_key(bytea);
drop function identity.find_sign_in_link(bytea);

create function identity.find_api_key(hash bytea)
    returns table (
        id uuid, organisation_id uuid, scopes text[], requests_per_minute integer, name text
    )
    language sql stable security definer set search_path = ''
    begin atomic
        select k.id, k.organisation_id, k.scopes, k.requests_per_minute, k.name
        from identity.api_keys k
        where k.secret_hash = hash
            and k.revoked_at is null
            and (k.expires_at is null or k.expires_at > now());
    end;

create function identity.find_session(hash bytea)
    returns table (
        id uuid, organisation_id uuid, person_id uuid, role text, name text, method text,
        created_at timestamptz, permissions text[]
    )
    language sql stable security definer set search_path = ''
    begin atomic
        with recursive live as (
            select s.id, s.organisation_id, s.person_id, p.role, p.name, s.method, s.created_at
            from identity.sessions s join identity.people p on p.id = s.person_id
            where s.token_hash = hash and s.revoked_at is null and s.expires_at > now()
                and p.status = 'active' and p.role <> 'service'
        ),
        within (group_id) as (
            select m.group_id
            from live join identity.group_members m on m.person_id = live.person_id
            union
            select g.parent_id
            from within w join identity.group_parents g on g.child_id = w.group_id
        )
        select live.*, array(
            select distinct granted.permission
            from within join identity.groups g on g.id = within.group_id,
                unnest(g.permissions) as granted (permission)
        )
        from live;
    end;

create function identity.find_sign_in_link(hash bytea)
    returns table (id uuid, organisation_id uuid, person_id uuid, second_factor boolean)
    language sql stable security definer set search_path = ''
    begin atomic
        select l.id, l.organisation_id, l.person_id, l.second_factor
        from identity.sign_in_links l join identity.people p on p.id = l.person_id
        where l.token_hash = hash and l.used_at is null and l.expires_at > now()
            and p.status = 'active' and p.role <> 'service';
    end;

create function identity.find_accounts(address text)
    returns table (
        person_id uuid, organisation_id uuid, organisation_name text, password_sign_in boolean
    )
    language sql stable security definer set search_path = ''
    begin atomic
        select p.id, p.organisation_id, o.name, o.password_sign_in
        from identity.people p join identity.organisations o on o.id = p.organisation_id
        where p.email_key = lower(address) and p.status = 'active' and p.role <> 'service'
        order by p.id limit 10;
    end;

create function identity.find_passkey(credential bytea)
    returns table (id uuid, organisation_id uuid, person_id uuid)
    language sql stable security definer set search_path = ''
    begin atomic
        select k.id, k.organisation_id, k.person_id
        from identity.passkeys k join identity.people p on p.id = k.person_id
        where k.credential_id = credential and p.status = 'active';
    end;

create function identity.find_identity_provider(provider uuid)
    returns table (organisation_id uuid)
    language sql stable security definer set search_path = ''
    begin atomic
        select p.organisation_id from identity.identity_providers p
        where p.id = provider and p.enabled;
    end;

-- By the domain of an address, never by the address: the answer must not tell who has an account.
create function identity.list_sign_in_providers(domain text)
    returns table (id uuid, name text)
    language sql stable security definer set search_path = ''
    begin atomic
        select p.id, p.name from identity.identity_providers p
        where p.enabled and (p.allowed_domains = '{}' or lower(domain) = any (p.allowed_domains))
        order by p.id limit 20;
    end;

create function identity.password_sign_in() returns boolean
    language sql stable security definer set search_path = ''
    return exists (select from identity.organisations o where o.password_sign_in);

create function identity.audit_kept_since(organisation uuid) returns timestamptz
    language sql stable security definer set search_path = ''
    return (
        select now() - o.audit_retention_days * interval '1 day'
        from identity.organisations o where o.id = organisation
    );

do $$
declare
    each text;
begin
    foreach each in array array['find_api_key(bytea)', 'find_session(bytea)',
        'find_sign_in_link(bytea)', 'find_accounts(text)', 'find_passkey(bytea)',
        'find_identity_provider(uuid)', 'list_sign_in_providers(text)', 'password_sign_in()',
        'audit_kept_since(uuid)']
    loop
        execute format('alter function identity.%s owner to hanse_auth', each);
    end loop;
end
$$;
revoke create on schema identity from hanse_auth;

-- What the purge may see and delete, in a transaction of no organisation.
create policy purge_select on identity.audit_events for select to hanse_jobs
    using (
        platform.current_organisation() is null and at < identity.audit_kept_since(organisation_id)
    );
create policy purge on identity.audit_events for delete to hanse_jobs
    using (
        platform.current_organisation() is null and at < identity.audit_kept_since(organisation_id)
    );
create policy purge on identity.sessions to hanse_jobs
    using (platform.current_organisation() is null and expires_at < now() - interval '30 days');
create policy purge on identity.sign_in_links to hanse_jobs
    using (platform.current_organisation() is null and expires_at < now() - interval '30 days');
create policy purge on identity.ceremonies to hanse_jobs
    using (platform.current_organisation() is null and expires_at < now());
grant delete on identity.sessions, identity.sign_in_links to hanse_jobs;
create index sessions_expiry on identity.sessions (expires_at);
create index sign_in_links_expiry on identity.sign_in_links (expires_at);
