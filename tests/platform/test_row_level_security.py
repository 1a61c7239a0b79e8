"""The database separates organisations, whatever a query forgets."""

import asyncpg

from tests.conftest import Database

# Tables that belong to the server rather than to an organisation, and why.
OF_THE_SERVER = {
    "platform.schema_migrations": "which files were applied",
    "platform.relay_cursors": "how far the outbox was read",
    "chat.shards": "which process owns which rooms, of all organisations",
    "chat.owners": "which processes there are",
    "queue.periodic": "when which periodic job is due",
    "identity.sign_in_failures": "counted before anybody knows whether there is such an account",
    "identity.organisations": "its own id is the organisation's",
}
ROLES = ("hanse_app", "hanse_relay", "hanse_jobs", "hanse_auth")


async def tables(database: Database) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(database.url("hanse"))
    try:
        return await connection.fetch(
            """
            select n.nspname || '.' || c.relname as name, c.relrowsecurity, c.relforcerowsecurity,
                array(select p.polname::text from pg_policy p where p.polrelid = c.oid) as policies,
                exists (select from pg_attribute a where a.attrelid = c.oid
                    and a.attname = 'organisation_id' and not a.attisdropped) as has_organisation
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema)'
            """
        )
    finally:
        await connection.close()


async def test_every_table_forces_row_level_security(database: Database) -> None:
    rows = await tables(database)
    assert len(rows) > 8
    for row in rows:
        assert row["relrowsecurity"], row["name"]
        assert row["relforcerowsecurity"], row["name"]
        assert row["policies"], row["name"]


async def test_every_table_names_the_organisation_of_each_row(database: Database) -> None:
    for row in await tables(database):
        known = row["name"] in OF_THE_SERVER
        assert row["has_organisation"] or known, row["name"]


async def test_no_role_of_ours_may_go_around_it(database: Database) -> None:
    connection = await asyncpg.connect(database.url("hanse"))
    rows = await connection.fetch(
        "select rolname, rolsuper, rolbypassrls from pg_roles where rolname = any($1)", ROLES
    )
    assert {row["rolname"] for row in rows} == set(ROLES)
    assert not any(row["rolsuper"] or row["rolbypassrls"] for row in rows)
    owned = await connection.fetchval(
        """
        select count(*) from pg_class c join pg_roles r on r.oid = c.relowner
        where r.rolname = any($1) and c.relkind in ('r', 'p')
        """,
        ROLES,
    )
    assert owned == 0
    await connection.close()
