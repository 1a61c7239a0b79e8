-- `hanse_auth` owns the few functions that must look across organisations: finding whose key,
-- session or link a secret is. Nobody can sign in as it, and each function returns one row.
do $$
begin
    if not exists (select from pg_roles where rolname = 'hanse_auth') then
        create role hanse_auth nologin nosuperuser nobypassrls;
    end if;
    execute format('grant hanse_auth to %I', current_user);
end
$$;
grant usage on schema identity to hanse_app, hanse_jobs;
grant usage, create on schema identity to hanse_auth;
grant usage on schema platform to hanse_auth;

create table identity.organisations (
    id uuid primary key,
    name text not null check (length(name) between 1 and 200),
    created_at timestamptz not null default now()
);

create table identity.people (
    id uuid primary key,
    organisation_id uuid not null references identity.organisations (id),
    email text not null check (length(email) between 3 and 320),
    name text not null check (length(name) between 1 and 200),
    role text not null check (role in ('owner', 'admin', 'member', 'guest')),
    created_at timestamptz not null default now()
);
create unique index people_email on identity.people (organisation_id, lower(email));
create index people_page on identity.people (organisation_id, id);

create table identity.api_keys (
    id uuid primary key,
    organisation_id uuid not null references identity.organisations (id),
    created_by uuid references identity.people (id),
    name text not null check (length(name) between 1 and 200),
    secret_hash bytea not null unique,
    scopes text[] not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
create index api_keys_page on identity.api_keys (organisation_id, id);

create table identity.sign_in_links (
    id uuid primary key,
    organisation_id uuid not null references identity.organisations (id),
    person_id uuid not null references identity.people (id),
    token_hash bytea not null unique,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);

create table identity.sessions (
    id uuid primary key,
    organisation_id uuid not null references identity.organisations (id),
    person_id uuid not null references identity.people (id),
    token_hash bytea not null unique,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz
);

alter table identity.organisations enable row level security;
alter table identity.organisations force row level security;
create policy tenant on identity.organisations using (id = platform.current_organisation());

do $$
declare
    each text;
begin
    foreach each in array array['people', 'api_keys', 'sign_in_links', 'sessions'] loop
        execute format('alter table identity.%I enable row level security', each);
        execute format('alter table identity.%I force row level security', each);
        execute format('create policy tenant on identity.%I using (organisation_id = platform.current_organisation())', each);
    end loop;
    foreach each in array array['organisations', 'people', 'api_keys', 'sign_in_links', 'sessions'] loop
        execute format('create policy authentication on identity.%I for select to hanse_auth using (true)', each);
        execute format('grant select on identity.%I to hanse_auth', each);
        execute format('grant select, insert, update on identity.%I to hanse_app, hanse_jobs', each);
    end loop;
end
$$;

create function identity.find_api_key(hash bytea)
    returns table (id uuid, organisation_id uuid, scopes text[])
    language sql stable security definer set search_path = ''
    begin atomic
        select k.id, k.organisation_id, k.scopes
        from identity.api_keys k
        where k.secret_hash = hash
            and k.revoked_at is null
            and (k.expires_at is null or k.expires_at > now());
    end;

create function identity.find_session(hash bytea)
    returns table (id uuid, organisation_id uuid, person_id uuid, role text)
    language sql stable security definer set search_path = ''
    begin atomic
        select s.id, s.organisation_id, s.person_id, p.role
        from identity.sessions s join identity.people p on p.id = s.person_id
        where s.token_hash = hash and s.revoked_at is null and s.expires_at > now();
    end;

create function identity.find_sign_in_link(hash bytea)
    returns table (id uuid, organisation_id uuid, person_id uuid)
    language sql stable security definer set search_path = ''
    begin atomic
        select l.id, l.organisation_id, l.person_id
        from identity.sign_in_links l
        where l.token_hash = hash and l.used_at is null and l.expires_at > now();
    end;

create function identity.list_organisations()
    returns table (id uuid, name text)
    language sql stable security definer set search_path = ''
    begin atomic
        select o.id, o.name from identity.organisations o order by o.id;
    end;

alter function identity.find_api_key(bytea) owner to hanse_auth;
alter function identity.find_session(bytea) owner to hanse_auth;
alter function identity.find_sign_in_link(bytea) owner to hanse_auth;
alter function identity.list_organisations() owner to hanse_auth;
revoke create on schema identity from hanse_auth;
-- Listing organisations is for the operator's command line, which connects as the owner.
revoke all on function identity.list_organisations() from public;
do $$
begin
    execute format('grant execute on function identity.list_organisations() to %I', current_user);
end
$$;
