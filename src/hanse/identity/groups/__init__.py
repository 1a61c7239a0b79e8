"""Groups: people together, groups within groups, and what their members may do besides."""

from hanse.identity.groups.model import Group, Member
from hanse.identity.groups.service import (
    add_child,
    add_member,
    create_group,
    delete_group,
    effective_permissions,
    remove_child,
    remove_member,
    update_group,
)
from hanse.identity.groups.store import (
    get_group,
    list_groups,
    list_groups_of,
    list_members,
    members_among,
    names_of_groups,
)

__all__ = [
    "Group",
    "Member",
    "add_child",
    "add_member",
    "create_group",
    "delete_group",
    "effective_permissions",
    "get_group",
    "list_groups",
    "list_groups_of",
    "list_members",
    "members_among",
    "names_of_groups",
    "remove_child",
    "remove_member",
    "update_group",
]
