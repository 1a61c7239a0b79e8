"""What the routes of notifications need, put together once for the application."""

import asyncio

from msgspec import Struct

from hanse.identity.notifications.live import InboxBells
from hanse.identity.notifications.model import Kinds
from hanse.identity.notifications.sending.push import PushServices, Vapid


class Notices(Struct, frozen=True):
    """The kinds there are, whoever follows inboxes, and which ways out are set up.

    `stopping` is set when the process is about to end.
    """

    kinds: Kinds
    bells: InboxBells
    services: PushServices
    vapid: Vapid
    has_mail: bool
    stopping: asyncio.Event
