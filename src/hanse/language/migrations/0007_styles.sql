-- A style: the options that were chosen, and instructions in words, by the root of a language.
create table language.styles (
    id uuid primary key,
    organisation_id uuid not null,
    name text not null check (char_length(name) between 1 and 1024),
    language text not null,
    configured_rules jsonb not null,
    custom_instructions jsonb not null,
    version integer not null check (version > 0),
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index styles_of_organisation on language.styles (organisation_id, id);

alter table language.styles enable row level security;
alter table language.styles force row level security;
create policy tenant on language.styles
    using (organisation_id = platform.current_organisation());
grant select, insert, update, delete on language.styles to hanse_app;
