"""The chat: rooms, each an ordered and durable log, and how it reaches those who read it.

`router` has the HTTP routes, which ask for a `Chat`; `own_rooms` and `serve_gateway` are the roles
of processes beside them; a `Translator`, by the bell and by `consumers_of` it, brings messages
into the languages of their readers.
"""

from typing import TYPE_CHECKING

from hanse.platform.faces import lazy_face

if TYPE_CHECKING:
    from hanse.chat.api import router
    from hanse.chat.api.common import Chat
    from hanse.chat.files.jobs import register_files
    from hanse.chat.files.service import FileRules
    from hanse.chat.gateway.document import asyncapi_document
    from hanse.chat.gateway.server import serve_gateway
    from hanse.chat.holds.service import register_holds
    from hanse.chat.log.append import EventsAppended
    from hanse.chat.log.owner import own_rooms
    from hanse.chat.notifying.kinds import KINDS
    from hanse.chat.notifying.telling import register_telling, telling_consumer
    from hanse.chat.outgoing.sending import outgoing_consumer, register_answers, webhook_answers
    from hanse.chat.personal_data import holdings
    from hanse.chat.previews.previewer import Previewer, previews_of, register_previews
    from hanse.chat.retention.jobs import register_retention
    from hanse.chat.saving.service import register_reminders
    from hanse.chat.translations.translator import Translator, consumers_of
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "KINDS": "notifying.kinds",
            "Chat": "api.common",
            "EventsAppended": "log.append",
            "FileRules": "files.service",
            "Previewer": "previews.previewer",
            "Translator": "translations.translator",
            "asyncapi_document": "gateway.document",
            "consumers_of": "translations.translator",
            "holdings": "personal_data",
            "outgoing_consumer": "outgoing.sending",
            "own_rooms": "log.owner",
            "previews_of": "previews.previewer",
            "register_answers": "outgoing.sending",
            "register_files": "files.jobs",
            "register_holds": "holds.service",
            "register_previews": "previews.previewer",
            "register_reminders": "saving.service",
            "register_retention": "retention.jobs",
            "register_telling": "notifying.telling",
            "router": "api",
            "serve_gateway": "gateway.server",
            "telling_consumer": "notifying.telling",
            "webhook_answers": "outgoing.sending",
        },
    )

__all__ = [
    "KINDS",
    "Chat",
    "EventsAppended",
    "FileRules",
    "Previewer",
    "Translator",
    "asyncapi_document",
    "consumers_of",
    "holdings",
    "outgoing_consumer",
    "own_rooms",
    "previews_of",
    "register_answers",
    "register_files",
    "register_holds",
    "register_previews",
    "register_reminders",
    "register_retention",
    "register_telling",
    "router",
    "serve_gateway",
    "telling_consumer",
    "webhook_answers",
]
