"""What programs post, read from its JSON: our own form, and what Slack's webhooks take. Pure.

Slack's form is described at https://api.slack.com/messaging/webhooks and
https://api.slack.com/reference/surfaces/formatting. Of blocks and attachments the words are taken;
buttons and pictures are left out.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from unicodedata import category
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from hanse.chat.log.rules import TEXT_CHARACTERS_MAX, TOPIC_CHARACTERS_MAX
from hanse.platform.problems import BadRequest

USERNAME_CHARACTERS_MAX: Final = 80
DEPTH_MAX: Final = 12
_FORM: Final = "application/x-www-form-urlencoded"
_SLACK_FIELDS: Final = frozenset(
    {"attachments", "blocks", "channel", "icon_emoji", "icon_url", "mrkdwn", "link_names"}
)
_BROKEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_CODE: Final = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_LINK: Final = re.compile(r"<((?:https?://|mailto:)[^<>|\n]+)(?:\|([^<>\n]*))?>")
_NAMED: Final = re.compile(r"<([@#!])([^<>|\n]+)(?:\|([^<>\n]*))?>")
_BOLD: Final = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])")
_STRUCK: Final = re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])")


class InvalidPost(BadRequest):
    """The body is not a message that can be posted."""

    code = "invalid_post"
    title = "Invalid message"


class Post(Struct, frozen=True):
    """A message to be: Markdown, and under which name it is shown."""

    text: str
    topic: str | None = None
    username: str | None = None


def read_post(body: bytes, content_type: str = "") -> Post:
    """Return the message in a body: JSON, or a form with JSON as `payload`. Raises InvalidPost."""
    fields = _fields(body, content_type)
    is_slack = not _SLACK_FIELDS.isdisjoint(fields)
    said = _words(_listed(fields, "blocks"), _block) or [_string(fields, "text") or ""]
    said += _words(_listed(fields, "attachments"), _attachment)
    text = "\n\n".join(each for each in (_markdown(part, is_slack) for part in said) if each)
    if not text.strip():
        raise InvalidPost("Say something: `text` is missing or empty.")
    if "\0" in text:
        raise InvalidPost("Leave out the character U+0000.")
    if len(text) > TEXT_CHARACTERS_MAX:
        raise InvalidPost(
            f"The message has {len(text)} characters; {TEXT_CHARACTERS_MAX} are allowed."
        )
    return Post(text, _line(fields, "topic", TOPIC_CHARACTERS_MAX), username_of(fields))


def username_of(fields: dict[str, Any]) -> str | None:
    """Return the name under which a message is to be shown. Raises InvalidPost."""
    return _line(fields, "username", USERNAME_CHARACTERS_MAX)


def _fields(body: bytes, content_type: str) -> dict[str, Any]:
    is_form = content_type.partition(";")[0].strip().lower() == _FORM
    # Scripts that send JSON without saying so send it as a form.
    if is_form and not body.lstrip().startswith(b"{"):
        payload = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20).get("payload")
        if not payload:
            raise InvalidPost("A form needs the field `payload`, with the message as JSON.")
        body = payload[0].encode()
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidPost(f"The body is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise InvalidPost('The body is not a JSON object such as {"text": "Hello"}.')
    return fields


def _string(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidPost(f"`{name}` is not a string.")
    return value


def _line(fields: dict[str, Any], name: str, characters_max: int) -> str | None:
    value = (_string(fields, name) or "").strip()
    if len(value) > characters_max or any(category(each) in _BROKEN for each in value):
        raise InvalidPost(f"`{name}` has up to {characters_max} characters, on one line.")
    return value or None


def _listed(fields: dict[str, Any], name: str) -> list[Any]:
    value = [] if fields.get(name) is None else fields[name]
    if not isinstance(value, list):
        raise InvalidPost(f"`{name}` is not a list.")
    return value


def _words(parts: list[Any], read: Any) -> list[str]:
    found = (read(each) for each in parts if isinstance(each, dict))
    return [each for each in found if each]


def _block(block: dict[str, Any]) -> str:
    match block.get("type"):
        case "rich_text":
            return "".join(_rich(block.get("elements"), 0)).strip()
        case "header":
            return f"**{_text(block.get('text'))}**" if _text(block.get("text")) else ""
        case "image":
            return _text(block.get("title")) or _text(block.get("alt_text"))
        case "section" | "context" | "markdown":
            parts = [block.get("text")]
            for name in ("fields", "elements"):
                parts += block[name] if isinstance(block.get(name), list) else []
            return "\n".join(each for each in map(_text, parts) if each)
    return ""


def _attachment(attachment: dict[str, Any]) -> str:
    def text(name: str) -> str:
        return _text(attachment.get(name))

    title, link = text("title"), text("title_link")
    if title:
        title = f"[{title}]({link})" if link.startswith(("https://", "http://")) else f"**{title}**"
    parts = [text("pretext"), title, text("text")]
    for field in attachment.get("fields") or ():
        if isinstance(field, dict):
            name, value = _text(field.get("title")), _text(field.get("value"))
            parts.append(f"**{name}**: {value}" if name and value else name or value)
    blocks = attachment.get("blocks")
    parts += _words(blocks, _block) if isinstance(blocks, list) else []
    return "\n".join(each for each in parts if each) or text("fallback")


def _text(value: Any) -> str:
    """The words of a text, which Slack writes as a string or as an object."""
    if isinstance(value, dict):
        value = value.get("text") or value.get("alt_text")
    return value if isinstance(value, str) else ""


def _rich(elements: Any, depth: int) -> Iterator[str]:
    if not isinstance(elements, list) or depth > DEPTH_MAX:
        return
    for each in elements:
        if not isinstance(each, dict):
            continue
        match each.get("type"):
            case "link":
                yield f"<{_text(each.get('url'))}|{_text(each.get('text'))}>"
            case "emoji":
                yield f":{_text(each.get('name'))}:"
            case "user":
                yield f"@{_text(each.get('user_id'))}"
            case "rich_text_list":
                for item in _items(each.get("elements")):
                    yield "- " + "".join(_rich([item], depth + 1)).strip() + "\n"
            case "rich_text_preformatted":
                yield "```\n" + "".join(_rich(each.get("elements"), depth + 1)) + "\n```\n"
            case "rich_text_section" | "rich_text_quote":
                yield from _rich(each.get("elements"), depth + 1)
                yield "\n"
            case _:
                yield _text(each)


def _items(elements: Any) -> Iterable[Any]:
    return elements if isinstance(elements, list) else ()


def _markdown(text: str, is_slack: bool) -> str:
    """Return a text as Markdown: links always, emphasis where the body is in Slack's form.

    `*bold*` is emphasis in Markdown, too, so a body of `text` alone is left as it is.
    """
    parts = _CODE.split(text)
    # Every second part is code, in which only the escapes are undone.
    return "".join(
        _unescaped(each if at % 2 else _marked(each, is_slack)) for at, each in enumerate(parts)
    ).strip()


def _marked(text: str, is_slack: bool) -> str:
    if is_slack:
        text = _STRUCK.sub(r"~~\1~~", _BOLD.sub(r"**\1**", text))
    text = _LINK.sub(lambda found: f"[{found[2]}]({found[1]})" if found[2] else found[1], text)
    return _NAMED.sub(lambda found: _named(found[1], found[3] or found[2]), text)


def _named(sign: str, name: str) -> str:
    return f"{'@' if sign == '!' else sign}{name.removeprefix('@')}"


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
