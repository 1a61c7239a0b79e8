"""The guests: for each language an interpreter, compiled to WebAssembly.

One instance after another of the same module runs a program, each in a memory of its own.
"""

from enum import StrEnum
from typing import Final

from hanse.chat.programs.guests.instance import Instance
from hanse.chat.programs.guests.lua import Lua
from hanse.chat.programs.guests.quickjs import JavaScript


class Language(StrEnum):
    """What a program is written in."""

    JAVASCRIPT = "javascript"
    LUA = "lua"


GUESTS: Final[dict[Language, type[JavaScript | Lua]]] = {
    Language.JAVASCRIPT: JavaScript,
    Language.LUA: Lua,
}


ENDINGS: Final = {Language.JAVASCRIPT: ".js", Language.LUA: ".lua"}
"""How names of files end."""


def language_of(file_name: str) -> Language:
    """Return the language of a file by the ending of its name; JavaScript without Lua's."""
    is_lua = file_name.endswith(ENDINGS[Language.LUA])
    return Language.LUA if is_lua else Language.JAVASCRIPT


def new_instance(language: Language, memory_bytes_max: int) -> Instance:
    """Return an instance that has loaded nothing, with a memory of at most so many bytes."""
    return GUESTS[language](memory_bytes_max)
