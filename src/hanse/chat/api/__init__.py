"""The HTTP routes of the chat."""

from litestar import Router

from hanse.chat.api import files, log, retention, rooms

router = Router(
    "/v1", route_handlers=[*rooms.handlers, *log.handlers, *files.handlers, *retention.handlers]
)
