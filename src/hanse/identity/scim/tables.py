"""What SCIM clients may filter and sort by, and which column answers."""

from typing import Final

from hanse.identity.scim.filters import Column, Kind, Many, Table
from hanse.identity.scim.schema import ENTERPRISE_URN, GROUP_URN, USER_URN

_ENTERPRISE = "enterprise:"


def _noted(*keys: str) -> str:
    *parents, last = keys
    return "p.profile" + "".join(f"->'{key}'" for key in parents) + f"->>'{last}'"


PEOPLE: Final = Table(
    schemas={USER_URN.lower(): "", ENTERPRISE_URN.lower(): _ENTERPRISE},
    columns={
        "id": Column("p.id", Kind.ID),
        "externalid": Column("p.external_id", Kind.EXACT),
        "username": Column("p.user_name_key", Kind.FOLDED),
        "displayname": Column("p.name", Kind.TEXT),
        "name.formatted": Column(_noted("name", "formatted"), Kind.TEXT),
        "name.familyname": Column(_noted("name", "familyName"), Kind.TEXT),
        "name.givenname": Column(_noted("name", "givenName"), Kind.TEXT),
        "title": Column(_noted("title"), Kind.TEXT),
        "usertype": Column(_noted("userType"), Kind.TEXT),
        "preferredlanguage": Column(_noted("preferredLanguage"), Kind.TEXT),
        "locale": Column(_noted("locale"), Kind.TEXT),
        "timezone": Column(_noted("timezone"), Kind.TEXT),
        "active": Column("(p.status = 'active')", Kind.BOOL),
        "emails.value": Column("p.email_key", Kind.FOLDED),
        "emails.type": Column(f"coalesce({_noted('email', 'type')}, 'work')", Kind.TEXT),
        "emails.primary": Column(
            f"coalesce(({_noted('email', 'primary')})::boolean, true)", Kind.BOOL
        ),
        "meta.created": Column("p.created_at", Kind.TIME),
        "meta.lastmodified": Column("p.updated_at", Kind.TIME),
        **{
            f"{_ENTERPRISE}{name.lower()}": Column(_noted("enterprise", name), Kind.TEXT)
            for name in (
                "employeeNumber",
                "costCenter",
                "organization",
                "division",
                "department",
            )
        },
        f"{_ENTERPRISE}manager.value": Column(_noted("enterprise", "manager"), Kind.EXACT),
    },
    many={
        "groups": Many(
            "select from identity.group_members m join identity.groups g on g.id = m.group_id"
            " where m.person_id = p.id",
            {"value": Column("m.group_id", Kind.ID), "display": Column("g.name", Kind.TEXT)},
        )
    },
    id="p.id",
)

GROUPS: Final = Table(
    schemas={GROUP_URN.lower(): ""},
    columns={
        "id": Column("g.id", Kind.ID),
        "externalid": Column("g.external_id", Kind.EXACT),
        "displayname": Column("g.name_key", Kind.FOLDED),
        "meta.created": Column("g.created_at", Kind.TIME),
        "meta.lastmodified": Column("g.updated_at", Kind.TIME),
    },
    many={
        "members": Many(
            "select from ("
            "select m.person_id as id, 'User' as kind from identity.group_members m"
            " where m.group_id = g.id union all "
            "select c.child_id, 'Group' from identity.group_parents c where c.parent_id = g.id"
            ") as member where true",
            {"value": Column("member.id", Kind.ID), "type": Column("member.kind", Kind.TEXT)},
        )
    },
    id="g.id",
)
