-- What an identity provider keeps here of people and groups (SCIM 2.0), and versions of both.

alter table identity.people
    -- What the provider calls somebody; null: nobody but people said who this is.
    add column user_name text check (length(user_name) between 1 and 320),
    add column user_name_key text not null
        generated always as (lower(coalesce(user_name, email))) stored,
    add column external_id text check (length(external_id) between 1 and 320),
    add column profile jsonb not null default '{}' check (length(profile::text) <= 32768),
    add column revision bigint not null default 1,
    add column updated_at timestamptz not null default now(),
    -- Since when somebody is gone for good; the row stays for what refers to it.
    add column removed_at timestamptz;
create unique index people_user_name on identity.people (user_name_key, organisation_id);
create index people_external_id on identity.people (organisation_id, external_id)
    where external_id is not null;

alter table identity.groups
    -- A provider made it and decides who is in it.
    add column provisioned boolean not null default false,
    add column revision bigint not null default 1,
    add constraint groups_external_id_check check (length(external_id) between 1 and 320);
create index groups_external_id on identity.groups (organisation_id, external_id)
    where external_id is not null;

create index api_keys_created_by on identity.api_keys (created_by) where revoked_at is null;

create function identity.revise() returns trigger
    language plpgsql set search_path = ''
    as $$
    begin
        new.revision := old.revision + 1;
        new.updated_at := clock_timestamp();
        return new;
    end
    $$;
create trigger revise before update on identity.people
    for each row execute function identity.revise();
create trigger revise before update on identity.groups
    for each row execute function identity.revise();

-- Who is in a group is part of its version. Rows are locked in the order of their ids, so that two
-- transactions that change the same groups wait for each other instead of failing.
create function identity.revise_groups_of_members() returns trigger
    language plpgsql set search_path = ''
    as $$
    begin
        perform from identity.groups g
            where g.id in (select c.group_id from changed c) order by g.id for no key update;
        update identity.groups g set name = g.name
            where g.id in (select c.group_id from changed c);
        return null;
    end
    $$;
create function identity.revise_groups_of_parents() returns trigger
    language plpgsql set search_path = ''
    as $$
    begin
        perform from identity.groups g
            where g.id in (select c.parent_id from changed c) order by g.id for no key update;
        update identity.groups g set name = g.name
            where g.id in (select c.parent_id from changed c);
        return null;
    end
    $$;
create trigger revise_added after insert on identity.group_members
    referencing new table as changed
    for each statement execute function identity.revise_groups_of_members();
create trigger revise_removed after delete on identity.group_members
    referencing old table as changed
    for each statement execute function identity.revise_groups_of_members();
create trigger revise_added after insert on identity.group_parents
    referencing new table as changed
    for each statement execute function identity.revise_groups_of_parents();
create trigger revise_removed after delete on identity.group_parents
    referencing old table as changed
    for each statement execute function identity.revise_groups_of_parents();

-- The directory, smaller: what begins within a word ends with it, so that the parts of a name and of
-- an address made of it are the same terms. See docs/decisions/0035-directory-of-terms.md.
create or replace function identity.directory_terms(name text, email text)
    returns table (rank smallint, term text)
    language sql immutable set search_path = ''
    begin atomic
        select min(found.rank)::smallint, found.term
        from (
            select
                place.rank,
                case
                    when place.rank = 0 then left(substr(source, i), 64)
                    else left(substring(substr(source, i) from '^[[:alnum:]]+'), 64)
                end
            from (
                values
                    (identity.fold(name), length(identity.fold(name))),
                    -- Of an address, up to where its domain begins: most domains are alike.
                    (identity.fold(email), position('@' in identity.fold(email)) + 1)
            ) as sources (source, until)
            cross join lateral generate_series(1, until) as i
            cross join lateral (
                select case
                    when i = 1 or substr(source, i - 1, 1) !~ '[[:alnum:]]' then 0 else 1
                end
            ) as place (rank)
            where substr(source, i) ~ '^[[:alnum:]]'
        ) as found (rank, term)
        group by found.term;
    end;

do $$
begin
    execute 'alter table identity.people no force row level security';
    execute 'alter table identity.people_terms no force row level security';
    truncate identity.people_terms;
    -- All terms of a person in one entry of the index, instead of one for each.
    drop index identity.people_terms_person;
    insert into identity.people_terms (organisation_id, rank, term, person_id)
        select p.organisation_id, t.rank, t.term, p.id
        from identity.people p, identity.directory_terms(p.name, p.email) t;
    create index people_terms_person on identity.people_terms (person_id);
    execute 'alter table identity.people force row level security';
    execute 'alter table identity.people_terms force row level security';
end
$$;
