"""The HTTP routes of the chat."""

from litestar import Router

from hanse.chat.api import log, rooms, saved, search

router = Router(
    "/v1", route_handlers=[*rooms.handlers, *log.handlers, *search.handlers, *saved.handlers]
)
