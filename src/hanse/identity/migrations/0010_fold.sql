-- Letters that have no small form of their own, such as 𝔾, get one where they are taken apart.
create or replace function identity.fold(text) returns text
    language sql immutable parallel safe set search_path = ''
    return regexp_replace(lower(normalize(lower($1), nfkd)), '[\u0300-\u036f]', '', 'g');
