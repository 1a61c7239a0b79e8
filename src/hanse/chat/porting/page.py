"""A room as a page that any browser shows, without a server and without scripts. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final
from urllib.parse import quote
from uuid import UUID

from markdown_it import MarkdownIt

from hanse.chat.log.fold import Message
from hanse.chat.porting.model import Room

# Nothing is loaded and nothing runs, whatever people wrote.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"
_STYLE: Final = """
body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}
article{border-top:1px solid #ccc;padding:.5rem 0}article.reply{margin-left:2rem}
header{color:#555}header b{color:#000}pre{overflow:auto;background:#f4f4f4;padding:.5rem}
table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .5rem}
"""
_MARKDOWN: Final = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable(["table", "strikethrough"])
    .disable("image")
)


def title_of(room: Room, people: Mapping[UUID, str]) -> str:
    """Return what a room is called: a direct room by its people."""
    if room.name:
        return room.name
    return ", ".join(people.get(UUID(each), each) for each in room.members)


def index(organisation: str, rooms: Sequence[tuple[str, str]]) -> str:
    """Return the page that lists rooms, by id and name."""
    items = "".join(
        f'<li><a href="html/{quote(id)}.html">{escape(name)}</a></li>\n' for id, name in rooms
    )
    return f"{head(organisation)}<ul>\n{items}</ul>\n{foot()}"


def head(title: str) -> str:
    """Return the beginning of a page."""
    return (
        "<!doctype html>\n"
        '<html><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n"
    )


def foot() -> str:
    """Return the end of a page."""
    return "</body></html>\n"


def message(message: Message, people: Mapping[UUID, str]) -> str:
    """Return a message as it stands, with what was done to it."""
    who = escape(people.get(message.sender_id, str(message.sender_id)))
    at = message.created_at.isoformat(timespec="seconds")
    facts = [f"<b>{who}</b>", f'<time datetime="{at}">{at}</time>']
    if message.topic:
        facts.append(escape(message.topic))
    if message.thread:
        facts.append(f'<a href="#m{message.thread}">↑ {message.thread}</a>')
    if message.is_pinned:
        facts.append("📌")
    if message.edited_at:
        facts.append("✎ " + message.edited_at.isoformat(timespec="seconds"))
    said = _MARKDOWN.render(message.text)
    files = "".join(
        f'<p><a href="../files/{each.id}" download="{name}">{name}</a></p>'
        for each in message.files
        for name in [escape(each.name)]
    )
    kind = ' class="reply"' if message.thread else ""
    return (
        f'<article id="m{message.number}"{kind}><header>{" · ".join(facts)}</header>\n'
        f"{said}{files}{_reactions(message, people)}</article>\n"
    )


def _reactions(message: Message, people: Mapping[UUID, str]) -> str:
    told = [
        f"{escape(each.emoji)} "
        + escape(", ".join(people.get(who, str(who)) for who in each.member_ids))
        for each in message.reactions
    ]
    return f"<p>{' · '.join(told)}</p>" if told else ""
