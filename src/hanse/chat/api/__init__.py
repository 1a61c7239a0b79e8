"""The HTTP routes of the chat."""

from litestar import Router

from hanse.chat.api import (
    bots,
    cards,
    drafts,
    files,
    holds,
    log,
    moderation,
    outgoing,
    program_hosts,
    program_trials,
    program_versions,
    programs,
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
        *drafts.handlers,
        *files.handlers,
        *moderation.handlers,
        *retention.handlers,
        *holds.handlers,
        *reports.handlers,
        *programs.handlers,
        *program_versions.handlers,
        *program_trials.handlers,
        *program_hosts.handlers,
        *cards.handlers,
        *bots.handlers,
        *outgoing.handlers,
    ],
)
