-- How long messages are kept: see docs/decisions/0064-how-long-messages-are-kept.md.
create table chat.policies (
    organisation_id uuid primary key,
    retention_days integer not null default 0 check (retention_days between 0 and 36500)
);
alter table chat.policies enable row level security;
alter table chat.policies force row level security;
create policy tenant on chat.policies
    using (organisation_id = platform.current_organisation());
grant select, insert, update on chat.policies to hanse_app;
grant select on chat.policies to hanse_jobs;

-- Null: as the organisation has it. 0: for ever.
alter table chat.rooms add column retention_days integer
    check (retention_days between 0 and 36500);
-- Up to which number messages have been taken away by age.
alter table chat.heads add column expired_number bigint not null default 0;

-- The job that looks which rooms there are with an end to their messages, in all organisations.
create policy retaining on chat.policies for select to hanse_jobs
    using (platform.current_organisation() is null and retention_days > 0);
create policy retaining on chat.rooms for select to hanse_jobs
    using (platform.current_organisation() is null);
