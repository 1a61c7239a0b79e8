"""People: who is in an organisation, how each wants to be addressed, and finding them."""

from hanse.identity.people.service import (
    EmailTaken,
    InvalidEmail,
    InvalidName,
    change_own_settings,
    clean_name,
    create_person,
    remove_photo,
    search_people,
    set_photo,
    update_person,
)
from hanse.identity.people.store import (
    api_keys_among,
    find_actors,
    get_person,
    get_person_by_email,
    ids_by_email,
    list_people,
    names_of,
    owner_ids,
    people_of,
    reading_languages,
)

__all__ = [
    "EmailTaken",
    "InvalidEmail",
    "InvalidName",
    "api_keys_among",
    "change_own_settings",
    "clean_name",
    "create_person",
    "find_actors",
    "get_person",
    "get_person_by_email",
    "ids_by_email",
    "list_people",
    "names_of",
    "owner_ids",
    "people_of",
    "reading_languages",
    "remove_photo",
    "search_people",
    "set_photo",
    "update_person",
]
