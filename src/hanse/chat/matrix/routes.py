"""The routes of Matrix together."""

from litestar import Router

from hanse.chat.matrix import (
    boot,
    devices,
    keeping,
    looking,
    media,
    messages,
    relating,
    rooms,
    searching,
    syncing,
)

router = Router(
    "/",
    route_handlers=[
        *boot.handlers,
        *rooms.handlers,
        *messages.handlers,
        *media.handlers,
        *looking.handlers,
        *devices.handlers,
        *relating.handlers,
        *keeping.handlers,
        *searching.handlers,
        *syncing.handlers,
    ],
    include_in_schema=False,
)
