"""Previews of messages as they stand."""

from collections.abc import Sequence
from uuid import UUID

from hanse.chat.log.fold import Message
from hanse.chat.previews import store
from hanse.chat.previews.model import LinkPreview, Page, Previewed, links_of, url_hash
from hanse.platform.database import Tx


async def previewed(tx: Tx, room_id: UUID, messages: Sequence[Message]) -> list[Previewed]:
    """Return what is known of the links of these messages, of those that have any."""
    links = {each.number: links_of(each.text) for each in messages if "://" in each.text}
    hashes = {url_hash(link) for found in links.values() for link in found}
    if not hashes or not await store.is_wanted(tx, room_id):
        return []
    pages = await store.kept(tx, sorted(hashes))
    return [
        shown
        for each in messages
        if (shown := shown_with(room_id, each, links.get(each.number, []), pages)).previews
    ]


def shown_with(
    room_id: UUID, message: Message, links: Sequence[str], pages: dict[bytes, Page | None]
) -> Previewed:
    """Return a message's links with what is known of their pages."""
    found = [(link, pages.get(url_hash(link))) for link in links]
    return Previewed(
        room_id=room_id,
        number=message.number,
        revision=message.revision,
        previews=[
            LinkPreview(
                url=link,
                title=page.title,
                description=page.description,
                site_name=page.site_name,
            )
            for link, page in found
            if page is not None
        ],
    )
