-- What pages say about themselves, by the hash of their address; without a title there is nothing.
-- See docs/decisions/0063-previews-of-links.md.
alter table chat.rooms add column has_link_previews boolean not null default true;

create table chat.link_pages (
    organisation_id uuid not null,
    url_hash bytea not null check (octet_length(url_hash) = 32),
    title text,
    description text not null default '',
    site_name text not null default '',
    expires_at timestamptz not null,
    primary key (organisation_id, url_hash)
);
create index link_pages_expiry on chat.link_pages (expires_at);
alter table chat.link_pages enable row level security;
alter table chat.link_pages force row level security;
create policy tenant on chat.link_pages
    using (organisation_id = platform.current_organisation());
create policy expired on chat.link_pages to hanse_jobs
    using (platform.current_organisation() is null and expires_at < now());
grant select on chat.link_pages to hanse_app;
grant select, insert, update, delete on chat.link_pages to hanse_jobs;
