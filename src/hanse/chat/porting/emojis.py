"""Names of emoji, as Slack, Mattermost and Zulip write them, made into the characters. Pure."""

import re
from collections.abc import Callable
from typing import Final

import emoji

_CODE: Final = re.compile(r":[a-zA-Z0-9_+'-]{1,60}:(?::skin-tone-[2-6]:)?")
_TONES: Final = {f"skin-tone-{each}": chr(0x1F3F9 + each) for each in range(2, 7)}
_VERBATIM: Final = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
# Names of the platforms that the tables of the library do not have.
_ALSO: Final = {
    "simple_smile": "\N{SLIGHTLY SMILING FACE}",
    "slightly_smiling_face": "\N{SLIGHTLY SMILING FACE}",
    "thumbs_up": "\N{THUMBS UP SIGN}",
    "thumbsup": "\N{THUMBS UP SIGN}",
    "+1": "\N{THUMBS UP SIGN}",
    "-1": "\N{THUMBS DOWN SIGN}",
    "working_on_it": "\N{HAMMER AND WRENCH}\ufe0f",
}


def character(name: str) -> str | None:
    """Return the emoji of a name such as `+1` or `wave::skin-tone-3`; None if there is none."""
    base, _, tone = name.strip(":").partition("::")
    found = _ALSO.get(base)
    if found is None:
        code = f":{base}:"
        found = emoji.emojize(code, language="alias")
        if found == code:
            return None
    return found + _TONES.get(tone, "")


def from_code_points(code: str) -> str | None:
    """Return the emoji of hexadecimal code points such as `1f1e9-1f1ea`; None if it is none."""
    try:
        found = "".join(chr(int(each, 16)) for each in code.split("-"))
    except (ValueError, OverflowError):
        return None
    return found if emoji.is_emoji(found) or emoji.is_emoji(found + "\ufe0f") else None


def with_characters(text: str) -> str:
    """Put emoji in the place of their names."""
    return _CODE.sub(lambda match: character(match[0].strip(":")) or match[0], text)


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Change a text of CommonMark everywhere but in code."""
    parts = _VERBATIM.split(text)
    return "".join(part if place % 2 else change(part) for place, part in enumerate(parts))
