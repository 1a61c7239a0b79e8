"""The elements of HTML by how they stand in a text."""

from typing import Final

VOID: Final = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    }
)
OPAQUE: Final = frozenset(
    ["script", "style", "code", "kbd", "samp", "var", "svg", "math", "template", "textarea"]
)
INLINE: Final = frozenset(
    {
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "input",
        "kbd",
        "label",
        "map",
        "mark",
        "meter",
        "object",
        "output",
        "progress",
        "q",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "svg",
        "math",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "code",
        "rp",
        "rt",
    }
)
