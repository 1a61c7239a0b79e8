"""People for SCIM clients: as resources, and what clients write about them."""

from typing import Any
from uuid import UUID

import msgspec
from scim2_models import InvalidValueException, Meta, PreconditionFailedException

from hanse.identity.audit import record
from hanse.identity.events import PersonChanged
from hanse.identity.model import Access, Person, Status
from hanse.identity.people import removal
from hanse.identity.people import service as people_service
from hanse.identity.people.service import Changes
from hanse.identity.policy import Role, may_provide
from hanse.identity.scim import store
from hanse.identity.scim.model import Provided, Written
from hanse.identity.scim.schema import ENTERPRISE_URN, PROVIDER, EnterpriseUser, User
from hanse.platform.database import Tx
from hanse.platform.outbox import announce
from hanse.platform.problems import Forbidden

TEXT_CHARACTERS_MAX = 320
PROFILE_BYTES_MAX = 16 * 1024
_NOTED = ("name", "title", "userType", "preferredLanguage", "locale", "timezone")
_MODEL: Any = PROVIDER.model_for("User")


def resource_of(found: Provided, groups: list[tuple[UUID, str]]) -> User[EnterpriseUser]:
    """Return somebody as a SCIM resource; `groups` are (id, name)."""
    person, noted = found.person, dict(found.profile)
    enterprise = noted.pop("enterprise", None)
    email = {"value": person.email, "type": "work", "primary": True, **noted.pop("email", {})}
    if enterprise and (manager := enterprise.get("manager")):
        enterprise = {**enterprise, "manager": _manager(manager)}
    resource: User[EnterpriseUser] = _MODEL.model_validate(
        {
            "id": str(person.id),
            "externalId": found.external_id,
            "userName": found.user_name,
            "displayName": person.name,
            "active": person.status is Status.ACTIVE,
            "emails": [email],
            "groups": [
                {"value": str(id), "$ref": f"Groups/{id}", "display": name} for id, name in groups
            ],
            **noted,
            **({ENTERPRISE_URN: enterprise} if enterprise else {}),
        }
    )
    resource.meta = Meta(
        resource_type="User",
        created=person.created_at,
        last_modified=found.updated_at,
        version=version_of(found.revision),
    )
    return resource


def version_of(revision: int) -> str:
    """Return the entity tag of a revision."""
    return f'W/"{revision}"'


def written(user: User[EnterpriseUser], before: Provided | None) -> Written:
    """Return what a client wants somebody to be; nobody yet if `before` is None. Pure.

    What it left out comes from what it sent, or stays. Raises InvalidValueException.
    """
    data = user.model_dump()
    user_name = _text("userName", user.user_name)
    if user_name is None:
        raise InvalidValueException(detail="userName is missing.")
    profile = {key: data[key] for key in _NOTED if key in data}
    email, profile["email"] = _email(user, before)
    if enterprise := data.get(ENTERPRISE_URN):
        if "manager" in enterprise:
            enterprise = {**enterprise, "manager": enterprise["manager"].get("value")}
        profile["enterprise"] = enterprise
    if len(msgspec.json.encode(profile)) > PROFILE_BYTES_MAX:
        raise InvalidValueException(
            detail=f"The attributes of one person take up to {PROFILE_BYTES_MAX} bytes."
        )
    noted = before.profile if before else {}
    return Written(
        Changes(
            email=email,
            name=_name(user),
            status=_status(user, before),
            locale=_locale(profile, noted),
            time_zone=_time_zone(profile, noted),
        ),
        user_name,
        _text("externalId", user.external_id),
        profile,
    )


async def create(tx: Tx, access: Access, user: User[EnterpriseUser]) -> Provided:
    """Add a member.

    Raises InvalidValueException, EmailTaken, what is wrong with the name, and
    asyncpg.UniqueViolationError where the userName is taken.
    """
    wanted = written(user, None)
    changes = wanted.changes
    assert changes.email is not None
    assert changes.name is not None
    person = await people_service.add_person(
        tx, access, email=changes.email, name=changes.name, role=Role.MEMBER
    )
    return await store.put_new(
        tx,
        person.id,
        wanted.user_name,
        wanted.external_id,
        wanted.profile,
        status=changes.status or Status.ACTIVE,
        locale=changes.locale or person.locale,
        time_zone=changes.time_zone or person.time_zone,
        languages=[changes.locale] if changes.locale else [],
    )


async def update(
    tx: Tx,
    access: Access,
    before: Provided,
    user: User[EnterpriseUser],
    expected_version: str | None,
) -> Provided:
    """Change somebody who was locked.

    Raises PreconditionFailedException, Forbidden, what `apply_changes` raises, and
    asyncpg.UniqueViolationError where the userName is taken.
    """
    _check_version(before, expected_version)
    wanted = written(user, before)
    _check_policy(before.person, wanted.changes)
    person = await people_service.apply_changes(tx, access, before.person, wanted.changes)
    noted = _noted_differences(before, wanted)
    if noted:
        await announce(tx, PersonChanged(person_id=person.id, changed=noted))
        await record(
            tx, access, "person.changed", "person", person.id, person.name, attributes=noted
        )
        return await store.put_provided(
            tx, person.id, wanted.user_name, wanted.external_id, wanted.profile
        )
    if person is before.person:
        return before
    after = await store.get_person(tx, person.id)
    assert after is not None
    return after


async def delete(tx: Tx, access: Access, before: Provided, expected_version: str | None) -> None:
    """Remove somebody who was locked. Raises PreconditionFailedException, Forbidden."""
    _check_version(before, expected_version)
    _require(before.person, "end")
    await removal.remove_person(tx, access, before.person)


def _check_version(before: Provided, expected: str | None) -> None:
    if expected is not None and expected != version_of(before.revision):
        raise PreconditionFailedException


def _check_policy(person: Person, changes: Changes) -> None:
    if changes.email is not None and changes.email != person.email:
        _require(person, "address")
    if changes.status is not None and changes.status is not person.status:
        _require(person, "admit" if changes.status is Status.ACTIVE else "end")


def _require(person: Person, change: str) -> None:
    if not may_provide(person.role, change):
        raise Forbidden(
            f"An identity provider may not do this to somebody who is '{person.role}'. "
            "Somebody who is may do it in Hanse."
        )


def _noted_differences(before: Provided, wanted: Written) -> list[str]:
    """The names of attributes that only a provider writes and that are others now."""
    names = [
        key
        for key in sorted({*before.profile, *wanted.profile})
        if before.profile.get(key) != wanted.profile.get(key)
    ]
    if wanted.user_name != before.user_name:
        names.append("userName")
    if wanted.external_id != before.external_id:
        names.append("externalId")
    return names


def _email(user: User[EnterpriseUser], before: Provided | None) -> tuple[str, dict[str, Any]]:
    """Of what was sent: the primary address, or that for work, or the first; and its marks."""
    sent = [each for each in user.emails or [] if each.value]
    sent.sort(key=lambda each: (not each.primary, each.type != "work"))
    if sent:
        value = (sent[0].value or "").strip()
        if not people_service.is_email(value):
            raise InvalidValueException(detail=f"emails: {value!r} is no e-mail address.")
        marks = {"type": sent[0].type, "primary": sent[0].primary}
        return value, {key: mark for key, mark in marks.items() if mark is not None}
    if before is not None:
        return before.person.email, before.profile.get("email", {})
    if user.user_name and people_service.is_email(user.user_name):
        return user.user_name, {}
    raise InvalidValueException(
        detail="Send an e-mail address in emails, or as userName: people need one."
    )


def _name(user: User[EnterpriseUser]) -> str:
    parts = user.name
    name = user.display_name or ""
    if not name.strip() and parts is not None:
        name = parts.formatted or f"{parts.given_name or ''} {parts.family_name or ''}"
    if not name.strip():
        name = (user.user_name or "").partition("@")[0]
    return name.strip()


def _status(user: User[EnterpriseUser], before: Provided | None) -> Status | None:
    if user.active is None:
        return None if before else Status.ACTIVE
    return Status.ACTIVE if user.active else Status.DEACTIVATED


# People may choose another language or time zone for themselves, and keep it as long as the
# provider says nothing new.
def _locale(profile: dict[str, Any], before: dict[str, Any]) -> str | None:
    for key in ("preferredLanguage", "locale"):
        tag = str(profile.get(key) or "").replace("_", "-")
        if profile.get(key) != before.get(key) and people_service.is_language_tag(tag):
            return tag
    return None


def _time_zone(profile: dict[str, Any], before: dict[str, Any]) -> str | None:
    zone = str(profile.get("timezone") or "")
    new = profile.get("timezone") != before.get("timezone")
    return zone if new and people_service.is_time_zone(zone) else None


def _manager(id: str) -> dict[str, str]:
    return {"value": id, "$ref": f"Users/{id}"}


def _text(name: str, value: str | None) -> str | None:
    if value is None or not value.strip():
        return None
    if len(value) > TEXT_CHARACTERS_MAX:
        raise InvalidValueException(detail=f"{name} has up to {TEXT_CHARACTERS_MAX} characters.")
    return value.strip()
