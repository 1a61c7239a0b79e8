-- Sessions of clients of Matrix that were let in by the page: they work as a bearer token alone.
alter table identity.sessions drop constraint sessions_method_check;
alter table identity.sessions add constraint sessions_method_check
    check (method in ('link', 'password', 'passkey', 'oidc', 'client'));
