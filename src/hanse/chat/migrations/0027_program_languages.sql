-- What a version of a program is written in: see docs/decisions/0082-lua-in-rooms.md.
alter table chat.program_versions
    add column language text not null default 'javascript' check (language in ('javascript', 'lua'));
