"""The verbs about archives and erasures. Each runs in the caller's transaction and asks first."""

from collections.abc import AsyncIterator
from uuid import UUID

from hanse.identity.audit import record
from hanse.identity.events import PersonErased
from hanse.identity.model import Access, Person, Status
from hanse.identity.people import removal
from hanse.identity.people import store as people_store
from hanse.identity.people.service import LastOwner
from hanse.identity.personal_data import store
from hanse.identity.personal_data.model import (
    ErasePerson,
    Erasure,
    ExportPerson,
    ExportStatus,
    PersonalExport,
)
from hanse.identity.policy import Permission, Role, may_appoint
from hanse.identity.signing import sessions
from hanse.platform.database import Db, Tx
from hanse.platform.ids import new_id
from hanse.platform.jobs import enqueue
from hanse.platform.outbox import announce
from hanse.platform.problems import BadRequest, Forbidden, NotFound

EXPORT_JOB = "identity.export_person"
ERASE_JOB = "identity.erase_person"
ERASED_NAME = "Erased person"
PART_BYTES = 1024 * 1024


class ConfirmationMismatch(BadRequest):
    """The address given to confirm an erasure is not the person's."""

    code = "confirmation_mismatch"
    title = "Not confirmed"


async def request_export(tx: Tx, access: Access, person_id: UUID) -> PersonalExport:
    """Let an archive be made of everything about somebody; it takes the place of an earlier one.

    Raises NotFound, Forbidden, MissingScope, RecentSignInRequired.
    """
    person = await _found(tx, person_id, await _allowed(tx, access, person_id, _EXPORT))
    export = await store.put_export(tx, person_id, new_id(), access.person_id)
    # The key of a job that waits or runs keeps a second one away; one that was given up has none.
    await enqueue(
        tx, EXPORT_JOB, ExportPerson(person_id, export.id), key=f"{person_id} {export.id}"
    )
    await record(tx, access, "person.export_requested", "person", person_id, person.name)
    return export


async def get_export(tx: Tx, access: Access, person_id: UUID) -> PersonalExport:
    """How far somebody's archive is. Raises NotFound, Forbidden, MissingScope."""
    await _found(tx, person_id, await _allowed(tx, access, person_id, _EXPORT, recently=False))
    export = await store.get_export(tx, person_id)
    if export is None:
        raise NotFound("There is no archive. Ask for one first.")
    return export


async def open_archive(tx: Tx, access: Access, person_id: UUID) -> PersonalExport:
    """Begin to fetch somebody's archive. Raises NotFound, Forbidden, RecentSignInRequired."""
    person = await _found(tx, person_id, await _allowed(tx, access, person_id, _EXPORT))
    export = await store.get_export(tx, person_id)
    if export is None or export.status is not ExportStatus.DONE:
        raise NotFound("There is no finished archive.")
    await record(tx, access, "person.export_downloaded", "person", person_id, person.name)
    return export


async def archive_parts(
    db: Db, organisation_id: UUID, export: PersonalExport
) -> AsyncIterator[bytes]:
    """The bytes of an archive, part by part, for a caller that has opened it."""
    assert export.bytes is not None
    for start in range(0, export.bytes, PART_BYTES):
        async with db.tx(organisation_id) as tx:
            part = await store.read_archive(tx, export.person_id, export.id, start, PART_BYTES)
        if part is None:
            raise NotFound("The archive was replaced meanwhile.")
        yield part


async def erase_person(
    tx: Tx, access: Access, person_id: UUID, *, email: str, revoke_api_keys: bool = True
) -> Erasure:
    """Forget somebody: at once who they are and how they sign in, and the rest by a job.

    `email` is the person's address, to confirm it. Raises NotFound, ConfirmationMismatch,
    LastOwner, Forbidden, MissingScope, RecentSignInRequired.
    """
    await _allowed(tx, access, person_id, Permission.PEOPLE_ERASE)
    person = await people_store.lock_person(tx, person_id)
    if person is None or await store.get_erasure(tx, person_id):
        raise NotFound("There is no such person.")
    if email.strip().lower() != person.email.lower():
        raise ConfirmationMismatch("Write the address of the person who is to be erased.")
    is_owner = person.role is Role.OWNER and person.status is Status.ACTIVE
    if is_owner and not await people_store.other_owners(tx, person_id):
        raise LastOwner("Make somebody else an owner first.")
    await people_store.forget_person(tx, person_id, ERASED_NAME)
    await removal.bury(tx, access, person, revoke_api_keys=revoke_api_keys)
    erasure = await store.insert_erasure(tx, person_id, access.person_id)
    await enqueue(tx, ERASE_JOB, ErasePerson(person_id), key=str(person_id))
    await announce(tx, PersonErased(person_id=person_id))
    await record(tx, access, "person.erased", "person", person_id, api_keys_revoked=revoke_api_keys)
    return erasure


async def get_erasure(tx: Tx, access: Access, person_id: UUID) -> Erasure:
    """Whether somebody was erased, and whether that is complete. Raises NotFound, MissingScope."""
    access.require(Permission.PEOPLE_ERASE)
    erasure = await store.get_erasure(tx, person_id)
    if erasure is None:
        raise NotFound("This person was not erased.")
    return erasure


_EXPORT = Permission.PEOPLE_EXPORT


async def _allowed(
    tx: Tx, access: Access, person_id: UUID, permission: Permission, *, recently: bool = True
) -> Person | None:
    """Ask the policy; return the person as far as that needed them.

    What is about everything of somebody asks of a session that it began lately, whoever has it.
    """
    if access.person_id == person_id:
        if recently:
            sessions.require_recent(access)
        return None
    access.require(permission)
    person = await _found(tx, person_id, None)
    if not may_appoint(access.role, person.role):
        raise Forbidden(f"You may not do this to somebody who is '{person.role}'.")
    if recently and access.person_id is not None:
        sessions.require_recent(access)
    return person


async def _found(tx: Tx, person_id: UUID, person: Person | None) -> Person:
    person = person or await people_store.get_person(tx, person_id)
    if person is None:
        raise NotFound("There is no such person.")
    return person
