-- Web processes look once a second which requests run elsewhere, of all organisations at once. What
-- they are told is hashes, which mean nothing to whom has not the whole request. A policy can hide
-- rows but no columns, so a function does that, for which only `hanse_auth` may look.
create function language.running_requests(rows_max integer) returns setof bytea
    language sql stable security definer set search_path = ''
    begin atomic
        select request_hash from language.attempts limit rows_max;
    end;

grant usage, create on schema language to hanse_auth;
alter function language.running_requests(integer) owner to hanse_auth;
revoke create on schema language from hanse_auth;
revoke all on function language.running_requests(integer) from public;
grant execute on function language.running_requests(integer) to hanse_app;

drop policy listing on language.attempts;
create policy hashes on language.attempts for select to hanse_auth using (true);
grant select (request_hash) on language.attempts to hanse_auth;
