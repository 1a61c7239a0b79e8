"""Removing somebody for good, as when an identity provider deletes them."""

from collections.abc import Mapping
from uuid import UUID

from hanse.identity.audit import record
from hanse.identity.events import PersonChanged
from hanse.identity.model import Access, Person
from hanse.identity.people import service, store
from hanse.identity.policy import Permission
from hanse.identity.signing import sessions
from hanse.identity.signing.store import delete_credentials
from hanse.platform.database import Tx
from hanse.platform.outbox import announce


async def remove_person(tx: Tx, access: Access, person: Person) -> None:
    """Remove somebody, for a caller that has asked the policy and locked the row.

    Their address is free for somebody else: a person who comes later with it is not them.
    """
    await bury(tx, access, person)
    await announce(tx, PersonChanged(person_id=person.id, changed=["removed"]))
    await record(tx, access, "person.removed", "person", person.id, person.name)


async def bury(tx: Tx, access: Access, person: Person, *, revoke_api_keys: bool = True) -> None:
    """Leave of somebody what others' records refer to: the id and the name.

    They are signed out and cannot come in again, and are in no directory and no group.
    """
    await sessions.revoke_all(tx, person.id)
    if revoke_api_keys:
        await service.revoke_keys_of(tx, access, person.id)
    await delete_credentials(tx, person.id)
    await store.remove_person(tx, person.id)


async def remember_departed(tx: Tx, access: Access, people: Mapping[UUID, str]) -> None:
    """Add people, by new ids, who were there before Hanse and are not here: names alone.

    They are as people are who were removed: nobody signs in as one of them, and what they wrote
    has a name. Whoever brings in their work notes it in the audit log. Raises MissingScope.
    """
    access.require(Permission.PEOPLE_WRITE)
    names = {id: _plain(name) for id, name in people.items()}
    await store.insert_departed(tx, names)


def _plain(name: str) -> str:
    kept = "".join(each if each.isprintable() else " " for each in name)
    return " ".join(kept.split())[: service.NAME_CHARACTERS_MAX].strip() or "?"
