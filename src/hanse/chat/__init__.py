"""The chat: rooms, each an ordered and durable log, and how it reaches those who read it.

`router` has the HTTP routes, which ask for a `Chat`; `own_rooms` and `serve_gateway` are the roles
of processes beside them; a `Translator`, by the bell and by `consumers_of` it, brings messages
into the languages of their readers.
"""

from hanse.chat.api import router
from hanse.chat.api.common import Chat
from hanse.chat.gateway.document import document as asyncapi_document
from hanse.chat.gateway.server import serve_gateway
from hanse.chat.log.append import EventsAppended
from hanse.chat.log.owner import own_rooms
from hanse.chat.personal_data import holdings
from hanse.chat.translations.translator import Translator, consumers_of

__all__ = [
    "Chat",
    "EventsAppended",
    "Translator",
    "asyncapi_document",
    "consumers_of",
    "holdings",
    "own_rooms",
    "router",
    "serve_gateway",
]
