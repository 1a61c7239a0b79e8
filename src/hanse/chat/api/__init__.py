"""The HTTP routes of the chat."""

from litestar import Router

from hanse.chat.api import (
    bots,
    files,
    holds,
    log,
    outgoing,
    reports,
    retention,
    rooms,
    saved,
    search,
)

router = Router(
    "/v1",
    route_handlers=[
        *rooms.handlers,
        *log.handlers,
        *search.handlers,
        *saved.handlers,
        *files.handlers,
        *retention.handlers,
        *holds.handlers,
        *reports.handlers,
        *bots.handlers,
        *outgoing.handlers,
    ],
)
