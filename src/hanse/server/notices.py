"""Notifications, put together: the kinds of all systems, and the ways out that are set up."""

import asyncio

from hanse import chat, identity, language
from hanse.identity import InboxBells, Kinds, Notices, PushSender, PushServices, Seal, Vapid
from hanse.platform.bus import Bus
from hanse.platform.jobs import Jobs
from hanse.server.post import postman
from hanse.server.settings import Settings


def all_kinds() -> Kinds:
    """Everything that people can be told."""
    return Kinds([*identity.KINDS, *language.KINDS, *chat.KINDS])


def notices(
    settings: Settings, bus: Bus | None, secret_key: str, stopping: asyncio.Event | None
) -> Notices:
    """What the routes of notifications need."""
    return Notices(
        kinds=all_kinds(),
        bells=InboxBells(bus),
        services=PushServices(settings.push_services),
        vapid=vapid(settings, secret_key),
        has_mail=bool(settings.smtp_url),
        stopping=stopping or asyncio.Event(),
    )


def vapid(settings: Settings, secret_key: str) -> Vapid:
    """Who this installation is to push services, and where its operator can be reached."""
    https = settings.address.startswith("https:")
    return Vapid(secret_key, settings.address if https else f"mailto:{settings.owner_email}")


def register_jobs(jobs: Jobs, settings: Settings) -> PushSender | None:
    """Add the jobs of notifications; the caller closes what this returns. Raises SetupError."""
    secret_key = settings.secret_key or identity.read_or_make_key(settings.home_path)
    services = PushServices(settings.push_services)
    push = PushSender(services, vapid(settings, secret_key)) if services else None
    identity.register_notifications(
        jobs,
        all_kinds(),
        Seal(secret_key),
        settings.address,
        postman=postman(settings),
        push=push,
    )
    identity.register_expiry(jobs)
    return push
