"""What a database needs before requests come: the schema, an organisation, and its owner."""

from uuid import UUID

from hanse import identity
from hanse.identity import Role
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.migrate import migrate
from hanse.platform.telemetry import log
from hanse.server.settings import Settings

_FIRST_START_LOCK = 0x68616E73650001


async def prepare_database(settings: Settings, owner_url: str) -> str | None:
    """Migrate; on the first start make the organisation and its owner.

    Returns the token of the owner's one-time sign-in link if the organisation was made just now.
    Raises MigrationError.
    """
    for name in await migrate(owner_url):
        log.info("migrated", name=name)
    db = await Db.open(owner_url, size_max=2, application_name="hanse first start")
    try:
        async with db.system_tx() as tx:
            # Two machines may start at once; the second finds what the first has made.
            await tx.execute("select pg_advisory_xact_lock($1)", _FIRST_START_LOCK)
            if await identity.list_organisations(tx):
                return None
            return await _make_organisation(db, settings, new_id())
    finally:
        await db.close()


async def _make_organisation(db: Db, settings: Settings, organisation_id: UUID) -> str:
    async with db.tx(organisation_id) as tx:
        await identity.create_organisation(tx, settings.organisation)
        access = identity.operator(organisation_id)
        owner = await identity.create_person(
            tx, access, email=settings.owner_email, name="Owner", role=Role.OWNER
        )
        return await identity.create_sign_in_link(tx, access, owner.id)
