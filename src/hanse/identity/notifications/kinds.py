"""What identity itself tells people."""

from typing import Final

from hanse.identity.notifications.model import Choice, EmailMode, Kind
from hanse.identity.notifications.wording import read_texts

_TEXTS: Final = read_texts("hanse.identity.notifications")

ADDED_TO_GROUP: Final = Kind(
    name="identity.added_to_group",
    texts=_TEXTS["added_to_group"],
    facts=("group", "by"),
    choice=Choice(email=EmailMode.DAILY, push=False),
)
SIGNED_IN: Final = Kind(
    name="identity.signed_in",
    texts=_TEXTS["signed_in"],
    facts=("device", "address"),
    choice=Choice(email=EmailMode.NOW),
    security=True,
)
API_KEY_EXPIRES: Final = Kind(
    name="identity.api_key_expires",
    texts=_TEXTS["api_key_expires"],
    facts=("key", "day"),
    dates=("day",),
    choice=Choice(email=EmailMode.NOW, push=False),
)

WEBHOOK_DISABLED: Final = Kind(
    name="identity.webhook_disabled",
    texts=_TEXTS["webhook_disabled"],
    facts=("host", "reason"),
    choice=Choice(email=EmailMode.NOW, push=False),
)

KINDS: Final = (ADDED_TO_GROUP, SIGNED_IN, API_KEY_EXPIRES, WEBHOOK_DISABLED)
