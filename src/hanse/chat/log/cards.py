"""Cards: messages with buttons and a form, which programs post and people press. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

CARD_TEXT_CHARACTERS_MAX: Final = 15_000
VALUE_CHARACTERS_MAX: Final = 4_000

Key = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\A[^\x00-\x1f]+\Z")]
Label = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\A[^\x00-\x1f]+\Z")]


class Button(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A button of a card; whoever presses it sends a `press` with its name."""

    name: Key
    label: Label


class Field(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A field of a card's form; its value comes with every press, as text."""

    name: Key
    label: Label
    kind: Literal["text", "lines", "number", "date", "choice"] = "text"
    choices: Annotated[tuple[Label, ...], Meta(max_length=50)] = ()
    is_required: bool = False


class CardBody(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a card shows: a title, a text, the fields of a form, and buttons."""

    title: Label
    text: Annotated[str, Meta(max_length=CARD_TEXT_CHARACTERS_MAX, pattern=r"\A[^\x00]*\Z")] = ""
    fields: Annotated[tuple[Field, ...], Meta(max_length=20)] = ()
    buttons: Annotated[tuple[Button, ...], Meta(max_length=20)] = ()


def text_of(card: CardBody) -> str:
    """Return a card as text, for whoever shows no cards; it is what is translated and found."""
    return f"{card.title}\n\n{card.text}" if card.text else card.title


def wrong_card(card: CardBody) -> str | None:
    """Return what is wrong with a card that its types do not say; None if nothing is."""
    for kind, parts in (("fields", card.fields), ("buttons", card.buttons)):
        names = [part.name for part in parts]
        if len(set(names)) < len(names):
            return f"two {kind} of a card have the same name."
    for field in card.fields:
        if (field.kind == "choice") != bool(field.choices):
            return f"the field {field.name!r} has choices if it is a choice, and only then."
    return None


def wrong_press(card: CardBody, button: str, values: Mapping[str, str]) -> str | None:
    """Return why a button cannot be pressed with these values; None if it can."""
    if button not in [each.name for each in card.buttons]:
        return f"The card has no button {button!r} now."
    fields = {each.name: each for each in card.fields}
    if unknown := [name for name in values if name not in fields]:
        return f"The card has no field {unknown[0]!r} now."
    for name, field in fields.items():
        if wrong := _wrong_value(field, values.get(name, "")):
            return f"`values.{name}`: {wrong}"
    return None


def _wrong_value(field: Field, value: str) -> str | None:
    if not value.strip():
        return f"{field.label!r} must be filled in." if field.is_required else None
    if len(value) > VALUE_CHARACTERS_MAX or "\0" in value:
        return f"up to {VALUE_CHARACTERS_MAX} characters, without U+0000."
    match field.kind:
        case "choice":
            return None if value in field.choices else "not one of the choices."
        case "number":
            return None if _is_number(value) else "not a number such as 12 or 12.5."
        case "date":
            return None if _is_date(value) else "not a date such as 2026-03-02."
        case "text":
            return "one line alone." if "\n" in value or "\r" in value else None
    return None


def _is_number(value: str) -> bool:
    whole, _, part = value.removeprefix("-").partition(".")
    return (whole + part).isascii() and whole.isdigit() and (not part or part.isdigit())


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
