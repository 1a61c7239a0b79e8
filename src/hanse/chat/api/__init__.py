"""The HTTP routes of the chat."""

from litestar import Router

from hanse.chat.api import cards, files, log, programs, retention, rooms, saved, search

router = Router(
    "/v1",
    route_handlers=[
        *rooms.handlers,
        *log.handlers,
        *search.handlers,
        *saved.handlers,
        *files.handlers,
        *retention.handlers,
        *programs.handlers,
        *cards.handlers,
    ],
)
