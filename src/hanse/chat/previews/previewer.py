"""Fetches what stands behind new links: a job for each message, an address once for all."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.message import Message as Header
from typing import Final
from uuid import UUID

from msgspec import Struct
from prometheus_client import Counter

from hanse.chat import annotations
from hanse.chat.log.append import EventsAppended
from hanse.chat.log.model import Kind
from hanse.chat.log.present import read_present
from hanse.chat.log.stretches import read_stretches
from hanse.chat.previews import store
from hanse.chat.previews.model import Page, links_of, redirected, url_hash
from hanse.chat.previews.page import page_of
from hanse.chat.previews.reading import shown_with
from hanse.platform.bus import Bus, Envelope
from hanse.platform.consumers import Consumer, one_by_one
from hanse.platform.database import Db, Tx
from hanse.platform.jobs import Jobs, enqueue
from hanse.platform.outbound import ForbiddenAddress, OutboundClient, OutboundFailure

PREVIEW: Final = "chat.preview_links"
TIMEOUT_S: Final = 8.0
"""For one address with all its redirects."""
PAGE_BYTES_MAX: Final = 256 * 1024
REDIRECTS_MAX: Final = 3
AGE_MAX: Final = timedelta(hours=1)
"""Older messages, of which a new server hears, are left alone."""
PURGED_ROWS_MAX: Final = 10_000
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_HEADERS: Final = {
    "User-Agent": "Hanse (link preview)",
    "Accept": "text/html,application/xhtml+xml",
}
_TEXTS: Final = (Kind.MESSAGE, Kind.EDIT)

_fetched = Counter("hanse_chat_previews_total", "Pages fetched for previews.", ["outcome"])


class PreviewLinks(Struct, frozen=True):
    """A message whose links are to be looked at."""

    room_id: UUID
    number: int


class Previewer:
    """Looks at the links of messages. `outbound` reaches public addresses alone."""

    def __init__(self, db: Db, bus: Bus, outbound: OutboundClient) -> None:
        self._db = db
        self._bus = bus
        self._outbound = outbound

    async def on_appended(self, tx: Tx, envelope: Envelope) -> None:
        """Let new links be looked at."""
        since = datetime.now(UTC) - AGE_MAX
        async for room_id, events in read_stretches(tx, envelope):
            numbers = {
                each.target or each.number
                for each in events
                if each.kind in _TEXTS and each.created_at > since and links_of(each.body.text)
            }
            if numbers and await store.is_wanted(tx, room_id):
                for number in sorted(numbers):
                    await enqueue(tx, PREVIEW, PreviewLinks(room_id, number))

    async def preview(self, tx: Tx, job: PreviewLinks) -> None:
        """Look at the links of a message, and tell what was found."""
        organisation_id = tx.organisation_id
        # In a transaction of its own, so that what is told can be found.
        async with self._db.tx(organisation_id) as own:
            found = await read_present(own, job.room_id, [job.number])
            if not found or not await store.is_wanted(own, job.room_id):
                return
            [message] = found
            links = links_of(message.text)
            pages = await self._pages(own, links)
        shown = shown_with(job.room_id, message, links, pages)
        if shown.previews:
            await annotations.tell(self._bus, annotations.Previews(organisation_id, shown))

    async def _pages(self, tx: Tx, links: list[str]) -> dict[bytes, Page | None]:
        by_hash = {url_hash(link): link for link in links}
        await store.hold(tx, list(by_hash))
        pages = await store.kept(tx, list(by_hash))
        missing = [each for each in by_hash if each not in pages]
        found = await asyncio.gather(*(self._page(by_hash[each]) for each in missing))
        for each, page in zip(missing, found, strict=True):
            pages[each] = page
            await store.keep(tx, each, page)
        return pages

    async def _page(self, url: str) -> Page | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                page = await self._fetch(url)
        except (ForbiddenAddress, OutboundFailure, TimeoutError):
            page = None
        _fetched.labels("found" if page else "nothing").inc()
        return page

    async def _fetch(self, url: str) -> Page | None:
        target: str | None = url.partition("#")[0]
        for _ in range(REDIRECTS_MAX + 1):
            if target is None:
                return None
            answer = await self._outbound.request(
                "GET", target, headers=_HEADERS, answer_bytes_max=PAGE_BYTES_MAX
            )
            if answer.status in _REDIRECTS:
                # Each step is checked like the first: a public page may point inside.
                target = redirected(target, answer.headers.get("location", ""))
                continue
            header = Header()
            header["content-type"] = answer.headers.get("content-type", "")
            if answer.status != 200 or header.get_content_type() not in _HTML:
                return None
            charset = header.get_content_charset()
            return await asyncio.to_thread(page_of, answer.body, charset)
        return None


def previews_of(previewer: Previewer, jobs: Jobs) -> tuple[Consumer, ...]:
    """Add the jobs of previews; return what of the stream of events asks for them."""
    jobs.task(PREVIEW, PreviewLinks, attempts_max=3, timeout_s=60.0)(previewer.preview)
    return (
        Consumer(
            name="chat-link-previews",
            types=(EventsAppended.type,),
            handler=one_by_one(previewer.on_appended),
        ),
    )


def register_previews(jobs: Jobs) -> None:
    """Add the periodic job that deletes pages which have expired."""

    async def purge(tx: Tx) -> None:
        await store.purge(tx, PURGED_ROWS_MAX)

    jobs.periodic("chat.purge_previews", "23 * * * *")(purge)
