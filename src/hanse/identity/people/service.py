"""The verbs about people. Each runs in the caller's transaction and asks the policy first."""

import re
import zoneinfo
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from hanse.identity import store as identity_store
from hanse.identity.audit import record
from hanse.identity.events import ApiKeyRevoked, PersonChanged, PersonCreated
from hanse.identity.model import Access, Person, Status
from hanse.identity.people import store
from hanse.identity.policy import Permission, Role, may_appoint
from hanse.identity.signing import sessions
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.outbox import announce
from hanse.platform.problems import BadRequest, Conflict, Forbidden, NotFound

NAME_CHARACTERS_MAX = 200
LANGUAGES_MAX = 20
QUERY_CHARACTERS_MAX = 64

_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}")
_LAST = "\U0010ffff"
_FIRST_ID = UUID(int=0)


class InvalidName(BadRequest):
    """A name is empty, too long, or contains control characters."""

    code = "invalid_name"
    title = "Invalid name"


class InvalidEmail(BadRequest):
    """This is no e-mail address."""

    code = "invalid_email"
    title = "Invalid e-mail address"


class InvalidLanguage(BadRequest):
    """This is no language tag (BCP 47), or there are too many."""

    code = "invalid_language"
    title = "Invalid language"


class InvalidTimeZone(BadRequest):
    """There is no such time zone in the IANA database."""

    code = "invalid_time_zone"
    title = "Invalid time zone"


class EmailTaken(Conflict):
    """Somebody in the organisation has this e-mail address."""

    code = "email_taken"
    title = "E-mail address taken"


class LastOwner(Conflict):
    """An organisation must keep somebody who may do everything."""

    code = "last_owner"
    title = "The last owner"


class Changes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to change of a person; None leaves it."""

    email: str | None = None
    name: str | None = None
    role: Role | None = None
    status: Status | None = None
    locale: str | None = None
    time_zone: str | None = None
    languages: list[str] | None = None


async def create_person(tx: Tx, access: Access, *, email: str, name: str, role: Role) -> Person:
    """Add somebody. Raises InvalidEmail, InvalidName, EmailTaken, Forbidden."""
    access.require(Permission.PEOPLE_WRITE)
    if not may_appoint(access.role, role):
        raise Forbidden(f"You may not give the role '{role}'.")
    return await add_person(tx, access, email=email, name=name, role=role)


async def add_person(tx: Tx, access: Access | None, *, email: str, name: str, role: Role) -> Person:
    """Add somebody, for a caller that has asked the policy. None: the system itself."""
    _check_email(email)
    person = await store.insert_person(tx, new_id(), email, clean_name(name), role)
    if person is None:
        raise EmailTaken(f"There is a person with the address {email} already.")
    await announce(tx, PersonCreated(person_id=person.id, role=role.value))
    await record(
        tx, access, "person.created", "person", person.id, person.name, email=email, role=role
    )
    return person


async def search_people(
    tx: Tx, access: Access, query: str, after: tuple[int, str, UUID] | None, limit: int
) -> list[tuple[tuple[int, str, UUID], Person]]:
    """Find people by any part of a word of their name or address, beginnings of words first.

    From the beginning of a word on, `query` may go over several: `ana so`, but not `na so`.
    Case and accents do not matter. Each person comes once, with the place in the order from which
    the next page starts. Raises MissingScope.
    """
    access.require(Permission.PEOPLE_READ)
    begin = (await store.fold(tx, query.strip()))[:QUERY_CHARACTERS_MAX]
    # Terms begin with a letter or digit: "@corp" is asked for as "corp".
    while begin and not begin[0].isalnum():
        begin = begin[1:]
    if not begin:
        return []
    found: list[tuple[tuple[int, str, UUID], Person]] = []
    for rank in range(after[0] if after else 0, 2):
        # The index is entered at `beyond`, so it must not lie before what is asked for.
        beyond = after[1:] if after and after[0] == rank else (begin, _FIRST_ID)
        beyond = max(beyond, (begin, _FIRST_ID))
        rows = await store.search(tx, rank, begin, begin + _LAST, beyond, limit - len(found))
        found += [((rank, term, person.id), person) for term, person in rows]
        if len(found) >= limit:
            break
    return found


async def update_person(tx: Tx, access: Access, id: UUID, changes: Changes) -> Person:
    """Change somebody. Another role or status ends all their sessions.

    Raises NotFound, Forbidden, LastOwner, EmailTaken, and what is wrong with the changes.
    """
    access.require(Permission.PEOPLE_WRITE)
    before = await store.lock_person(tx, id)
    if before is None or before.status is Status.REMOVED:
        raise NotFound("There is no such person.")
    if not may_appoint(access.role, before.role):
        raise Forbidden(f"You may not change somebody who is '{before.role}'.")
    if changes.role is not None and not may_appoint(access.role, changes.role):
        raise Forbidden(f"You may not give the role '{changes.role}'.")
    return await apply_changes(tx, access, before, changes)


async def change_own_settings(tx: Tx, access: Access, changes: Changes) -> Person:
    """Change one's own name, locale, time zone or languages. Raises what is wrong with them."""
    person_id = access.require_person()
    assert changes.role is None
    assert changes.status is None
    assert changes.email is None
    before = await store.lock_person(tx, person_id)
    if before is None:
        raise NotFound("There is no such person.")
    return await apply_changes(tx, access, before, changes)


async def apply_changes(tx: Tx, access: Access | None, before: Person, changes: Changes) -> Person:
    """Change somebody, for a caller that has asked the policy and locked the row.

    Another role or status ends all their sessions and links; deactivation their API keys, too.
    """
    after = msgspec.structs.replace(
        before,
        **{
            name: value
            for name, value in msgspec.structs.asdict(changes).items()
            if value is not None
        },
    )
    _check_email(after.email)
    _check_settings(after)
    after = msgspec.structs.replace(after, name=clean_name(after.name))
    changed = _differences(before, after)
    if not changed:
        return before
    was_owner = before.role is Role.OWNER and before.status is Status.ACTIVE
    is_owner = after.role is Role.OWNER and after.status is Status.ACTIVE
    if was_owner and not is_owner and not await store.other_owners(tx, before.id):
        raise LastOwner("Make somebody else an owner first.")
    if "email" in changed:
        other = await store.get_person_by_email(tx, after.email)
        called = await store.is_user_name_taken(tx, after.email, before.id)
        if called or (other is not None and other.id != before.id):
            raise EmailTaken(f"There is a person with the address {after.email} already.")
    person = await store.update_person(
        tx,
        before.id,
        email=after.email,
        name=after.name,
        role=after.role,
        status=after.status,
        locale=after.locale,
        time_zone=after.time_zone,
        languages=after.languages,
    )
    assert person is not None
    if "role" in changed or "status" in changed:
        await sessions.revoke_all(tx, person.id)
    if "status" in changed and person.status is Status.DEACTIVATED:
        await revoke_keys_of(tx, access, person.id)
    await announce(tx, PersonChanged(person_id=person.id, changed=sorted(changed)))
    await record(tx, access, _action(changed), "person", person.id, person.name, **changed)
    return person


async def revoke_keys_of(tx: Tx, access: Access | None, person_id: UUID) -> None:
    """Revoke the API keys that somebody made, but never the one that asks for it.

    Whoever made the key of the identity provider may leave, and it must still tell who else does.
    """
    keep = access.api_key_id if access else None
    for key in await identity_store.revoke_api_keys_of(tx, person_id, keep):
        await announce(tx, ApiKeyRevoked(api_key_id=key.id))
        await record(tx, access, "api_key.revoked", "api_key", key.id, key.name)


async def set_photo(tx: Tx, access: Access, image: bytes) -> Person:
    """Keep an image that came out of `prepare_photo` as one's own photo."""
    person_id = access.require_person()
    await store.put_photo(tx, person_id, image)
    return await _photo_changed(tx, access, person_id)


async def remove_photo(tx: Tx, access: Access) -> Person:
    """Throw one's own photo away."""
    person_id = access.require_person()
    await store.delete_photo(tx, person_id)
    return await _photo_changed(tx, access, person_id)


async def _photo_changed(tx: Tx, access: Access, person_id: UUID) -> Person:
    person = await store.get_person(tx, person_id)
    assert person is not None
    await announce(tx, PersonChanged(person_id=person.id, changed=["photo"]))
    await record(tx, access, "person.changed", "person", person.id, person.name, photo=True)
    return person


def clean_name(name: str) -> str:
    """Return a name without space around it. Raises InvalidName."""
    name = name.strip()
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or any(ord(each) < 32 for each in name):
        raise InvalidName(f"Write 1 to {NAME_CHARACTERS_MAX} characters, on one line.")
    return name


def is_email(text: str) -> bool:
    """Tell whether this has the form of an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def is_language_tag(text: str) -> bool:
    """Tell whether this has the form of a language tag (BCP 47)."""
    return _LANGUAGE_TAG.fullmatch(text) is not None


def is_time_zone(text: str) -> bool:
    """Tell whether there is such a time zone in the IANA database."""
    return text in _time_zones()


def _check_email(email: str) -> None:
    if not is_email(email):
        raise InvalidEmail("Write an address such as name@example.org.")


def _check_settings(person: Person) -> None:
    if len(person.languages) > LANGUAGES_MAX:
        raise InvalidLanguage(f"Name up to {LANGUAGES_MAX} languages.")
    for tag in (person.locale, *person.languages):
        if not is_language_tag(tag):
            raise InvalidLanguage("Write language tags such as 'de' or 'pt-BR'.")
    if not is_time_zone(person.time_zone):
        raise InvalidTimeZone("Name a time zone of the IANA database, such as 'Europe/Berlin'.")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) | {"UTC"}


def _differences(before: Person, after: Person) -> dict[str, Any]:
    """What changed, as [before, after] by name."""
    old, new = msgspec.structs.asdict(before), msgspec.structs.asdict(after)
    return {name: [old[name], new[name]] for name in old if old[name] != new[name]}


def _action(changed: dict[str, Any]) -> str:
    if "status" in changed:
        return f"person.{'de' if changed['status'][1] is Status.DEACTIVATED else 're'}activated"
    return "person.role_changed" if "role" in changed else "person.changed"
