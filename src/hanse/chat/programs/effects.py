"""What a program may bring about: plain data, checked before anything comes of it. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Raw, Struct

from hanse.chat.log.cards import (
    CARD_TEXT_CHARACTERS_MAX,
    Button,
    CardBody,
    Field,
    Key,
    Label,
    wrong_card,
)
from hanse.chat.log.rules import EMOJI_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, TOPIC_CHARACTERS_MAX
from hanse.chat.moderation.model import Rules, wrong_rules
from hanse.chat.programs.sandbox import Fault, ProgramFault

EFFECTS_MAX: Final = 20
"""Effects of one event."""

Text = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX, pattern=r"\A[^\x00]*\Z")]
Topic = Annotated[
    str, Meta(min_length=1, max_length=TOPIC_CHARACTERS_MAX, pattern=r"\A[^\x00-\x1f]+\Z")
]
Number = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Language = Annotated[str, Meta(min_length=2, max_length=35)]
Url = Annotated[str, Meta(max_length=2_000, pattern=r"\A[!-~]+\Z")]
HeaderName = Annotated[str, Meta(max_length=64, pattern=r"\A[A-Za-z0-9-]+\Z")]
HeaderValue = Annotated[str, Meta(max_length=1_000, pattern=r"\A[ -~]*\Z")]


class _Effect(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag_field="type",
):
    pass


class Post(_Effect, frozen=True, kw_only=True, tag="post"):
    """Post a message in the name of the program; `key` is what it is edited by later."""

    text: Text
    key: Key | None = None
    thread: Number | None = None
    topic: Topic | None = None


class Edit(_Effect, frozen=True, kw_only=True, tag="edit"):
    """Give the program's own message of this key another text."""

    key: Key
    text: Text


class React(_Effect, frozen=True, kw_only=True, tag="react"):
    """React to a message, or no longer (`on: false`)."""

    target: Number
    emoji: Annotated[str, Meta(min_length=1, max_length=EMOJI_CHARACTERS_MAX)]
    on: bool = True


class Card(_Effect, frozen=True, kw_only=True, tag="card"):
    """Show a card with buttons and a form, or another one in place of that of the same key."""

    key: Key
    title: Label
    text: Annotated[str, Meta(max_length=CARD_TEXT_CHARACTERS_MAX, pattern=r"\A[^\x00]*\Z")] = ""
    fields: Annotated[tuple[Field, ...], Meta(max_length=20)] = ()
    buttons: Annotated[tuple[Button, ...], Meta(max_length=20)] = ()

    @property
    def shown(self) -> CardBody:
        """What stands in the log."""
        return CardBody(title=self.title, text=self.text, fields=self.fields, buttons=self.buttons)


class Timer(_Effect, frozen=True, kw_only=True, tag="timer"):
    """Be called at a time (RFC 3339, with its zone); without one, the timer of the key is off."""

    key: Key
    at: Annotated[datetime, Meta(tz=True)] | None = None


class Http(_Effect, frozen=True, kw_only=True, tag="http"):
    """Ask a server that the room allows; its answer is an `http` event of the same key."""

    key: Key
    url: Url
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    headers: Annotated[dict[HeaderName, HeaderValue], Meta(max_length=20)] = {}
    body: Annotated[str, Meta(max_length=TEXT_CHARACTERS_MAX, pattern=r"\A[^\x00]*\Z")] = ""


class Translate(_Effect, frozen=True, kw_only=True, tag="translate"):
    """Have a text translated; it comes as a `translation` event of the same key."""

    key: Key
    text: Text
    to: Language


class Delete(_Effect, frozen=True, kw_only=True, tag="delete"):
    """Take a message away, whoever sent it: a moment after it came, for the program saw it."""

    target: Number


class Moderate(_Effect, frozen=True, kw_only=True, tag="moderate"):
    """Let these rules hold of messages and edits before they are appended, instead of the last.

    They end with the version that set them; `rules` left out, nothing holds any more.
    """

    rules: Rules = Rules()


Effect = Post | Edit | React | Card | Timer | Http | Translate | Delete | Moderate

EFFECT_TYPES: Final = tuple(str(each.__struct_config__.tag) for each in Effect.__args__)
HEADERS_OF_OURS: Final = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
        "idempotency-key",
    }
)
"""Headers of requests that would lead elsewhere, or break them."""
ALWAYS_ALLOWED: Final = frozenset({"post", "edit", "react", "card", "timer"})
"""What stays in the room; all else must be granted."""


class Rights(Struct, frozen=True, kw_only=True):
    """What a program may do beyond what is always allowed.

    `allowed` are types of effects, `hosts` those that it may ask by HTTP: `example.org` or
    `example.org:8443`, by https alone.
    """

    allowed: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()


def decode_effects(effects: Sequence[Raw | bytes], rights: Rights) -> tuple[Effect, ...]:
    """Decode and check the effects of one event, all or none.

    Raises ProgramFault: `bad_effect` with the place of what is wrong, or `not_allowed`.
    """
    if len(effects) > EFFECTS_MAX:
        raise ProgramFault(
            Fault("bad_effect", f"{len(effects)} effects of one event: {EFFECTS_MAX} at most.")
        )
    decoded = tuple(_decoded(at, effect) for at, effect in enumerate(effects))
    require_rights(decoded, rights)
    return decoded


def require_rights(effects: Sequence[Effect], rights: Rights) -> None:
    """Raise ProgramFault `not_allowed` unless all of these effects are allowed."""
    for at, effect in enumerate(effects):
        if missing := _missing_right(effect, rights):
            raise ProgramFault(Fault("not_allowed", f"effects[{at}]: {missing}"))


_decoder: Final = msgspec.json.Decoder(Effect)


def _decoded(at: int, effect: Raw | bytes) -> Effect:
    try:
        found: Effect = _decoder.decode(effect)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProgramFault(Fault("bad_effect", _where(at, str(error)))) from None
    if wrong := _wrong(found):
        raise ProgramFault(Fault("bad_effect", f"effects[{at}]: {wrong}"))
    return found


def _where(at: int, error: str) -> str:
    """Name the place as a program's author knows it: `effects[0].text: Expected ...`."""
    said, _, place = error.partition(" - at `")
    return f"effects[{at}]{place.removesuffix('`').removeprefix('$')}: {said}"


def _wrong(effect: Effect) -> str | None:
    """Return what the types do not say and is wrong all the same."""
    if isinstance(effect, Http):
        ours = sorted(each for each in effect.headers if each.lower() in HEADERS_OF_OURS)
        return f"the header {ours[0]} is not a program's to set." if ours else None
    if isinstance(effect, Moderate):
        return wrong_rules(effect.rules)
    return wrong_card(effect.shown) if isinstance(effect, Card) else None


def _missing_right(effect: Effect, rights: Rights) -> str | None:
    kind = str(effect.__struct_config__.tag)
    if isinstance(effect, Http):
        try:
            parts = urlsplit(effect.url)
            is_allowed = parts.scheme == "https" and parts.netloc.lower() in rights.hosts
        except ValueError:
            is_allowed = False
        return None if is_allowed else f"https to {effect.url!r} is not allowed here."
    if kind in ALWAYS_ALLOWED or kind in rights.allowed:
        return None
    return f"{kind} is not allowed here."
