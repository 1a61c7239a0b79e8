"""What SCIM clients see of people and groups: the resource types, and what this server can do.

Only what Hanse uses or an identity provider must read back is kept; other attributes of RFC 7643
(addresses, telephone numbers ...) are accepted and dropped.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, ClassVar, Final, Union

from pydantic import Field
from scim2_models import (
    URN,
    AnyExtension,
    Attribute,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    Extension,
    Filter,
    Mutability,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Returned,
    Schema,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

from hanse.identity.scim.api import BODY_BYTES_MAX

USER_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

RESULTS_MAX: Final = 100
"""Resources in one answer."""
BULK_OPERATIONS_MAX: Final = 1000


class Name(ComplexAttribute):
    """The parts of somebody's name."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """The address of a person, who has one."""

    value: str | None = None
    type: str | None = None
    primary: bool | None = None


class Membership(ComplexAttribute):
    """A group that somebody is in."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None


class User(Resource[AnyExtension]):
    """A person."""

    __schema__ = URN(USER_URN)

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    Name: ClassVar[type[ComplexAttribute]] = Name
    display_name: str | None = None
    title: str | None = None
    user_type: str | None = None
    preferred_language: str | None = None
    locale: str | None = None
    timezone: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None
    Emails: ClassVar[type[ComplexAttribute]] = Email
    groups: Annotated[list[Membership] | None, Mutability.read_only] = None
    Groups: ClassVar[type[ComplexAttribute]] = Membership


class Manager(ComplexAttribute):
    """Whom somebody reports to, as the identity provider says."""

    value: Annotated[str | None, CaseExact.true] = None
    ref: Reference["User"] | None = Field(  # type: ignore[type-arg]
        None, serialization_alias="$ref", validation_alias="$ref"
    )


class EnterpriseUser(Extension):
    """What organisations note about the people who work for them."""

    __schema__ = URN(ENTERPRISE_URN)

    employee_number: str | None = None
    cost_center: str | None = None
    organization: str | None = None
    division: str | None = None
    department: str | None = None
    manager: Manager | None = None
    Manager: ClassVar[type[ComplexAttribute]] = Manager


class GroupMember(ComplexAttribute):
    """Somebody, or a group, in a group."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[
        Reference[Union["User", "Group"]] | None,  # type: ignore[type-arg]
        Mutability.immutable,
    ] = Field(None, serialization_alias="$ref", validation_alias="$ref")
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User", "Group"])
    # Shown to whoever asks for it: identity providers know the names, and send them along.
    display: Annotated[str | None, Returned.request] = None


class Group(Resource[Any]):
    """A group of people and of groups."""

    __schema__ = URN(GROUP_URN)

    display_name: Annotated[str | None, Required.true] = None
    members: list[GroupMember] | None = None
    Members: ClassVar[type[ComplexAttribute]] = GroupMember


_ALWAYS_THERE = {USER_URN: {"displayName", "active", "emails", "emails.value"}}
"""What each person has. It is published as required, and when a request leaves it out it comes from
what is there: the address from a userName that is one, the name from its parts."""
_OURS = {GROUP_URN: {"members.display"}}
"""What is published as read-only, and passed over where a request has it."""


class Provider(ScimProvider):
    """The description of this service, as it is published."""

    @cached_property
    def schemas(self) -> tuple[Schema, ...]:
        """What `/Schemas` answers."""
        schemas = tuple(model.to_schema() for model in self.models)
        for schema in schemas:
            attributes = dict(_walk(schema.attributes or []))
            for name in _ALWAYS_THERE.get(str(schema.id), ()):
                attributes[name].required = Required.true
            for name in _OURS.get(str(schema.id), ()):
                attributes[name].mutability = Mutability.read_only
        return schemas


def _walk(attributes: list[Attribute], prefix: str = "") -> Iterator[tuple[str, Attribute]]:
    for attribute in attributes:
        path = f"{prefix}{attribute.name}"
        yield path, attribute
        yield from _walk(attribute.sub_attributes or [], f"{path}.")


CONFIG: Final = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=True, max_operations=BULK_OPERATIONS_MAX, max_payload_size=BODY_BYTES_MAX),
    filter=Filter(supported=True, max_results=RESULTS_MAX),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=True),
    etag=ETag(supported=True),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="API key",
            description="`Authorization: Bearer <key>`, a key with the scope `provisioning`",
            primary=True,
        )
    ],
)

# What Entra ID and Okta do that RFC 7644 does not have: attributes that are not kept here, a
# `remove` with values, `emails[type eq "work"].value` for an address that is not there yet.
POLICY: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)

PROVIDER: Final = Provider(
    models=[User, EnterpriseUser, Group],
    resource_types=[
        ResourceType.from_resource(User[EnterpriseUser]),
        ResourceType.from_resource(Group),
    ],
    config=CONFIG,
    policy=POLICY,
)
