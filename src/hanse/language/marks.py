"""Typographic marks, which engines garble: plain ones for the engine, the writer's own after it."""

import re
from typing import Final

_DOUBLE: Final = '"“”„‟«»'
_SINGLE: Final = "'‘’‚‛´‹›"
_HYPHEN: Final = "-\u2010\u2011"
_ASCII: Final = "\"'-"
_GROUPS: Final = (
    (re.compile(f"[{_DOUBLE}]"), '"'),
    (re.compile(f"[{_SINGLE}]"), "'"),
    (re.compile(f"[{re.escape(_HYPHEN)}]"), "-"),
)
_TYPOGRAPHIC: Final = re.compile(
    f"[{(_DOUBLE + _SINGLE + _HYPHEN).translate(dict.fromkeys(map(ord, _ASCII)))}]"
)
_PLAIN: Final = str.maketrans(
    {
        mark: plain
        for group, plain in ((_DOUBLE, '"'), (_SINGLE, "'"), (_HYPHEN, "-"))
        for mark in group
    }
    | {"\u00ad": None, "\u200b": None}
)


def plain(sentence: str) -> str:
    """Return a sentence as engines read it best: plain quotation marks, apostrophes and hyphens.

    Places where a word may be broken (soft hyphen, zero-width space) mean nothing in another
    language and are left out.
    """
    return sentence.translate(_PLAIN)


def restored(source: str, translation: str) -> str:
    """Return `translation` with the marks of `source`, in their order, for each kind of mark.

    Where a translation has more or fewer of a kind, nobody knows which is which, and they stay
    plain.
    """
    if not _TYPOGRAPHIC.search(source):
        return translation
    for pattern, mark in _GROUPS:
        marks = pattern.findall(source)
        if any(each != mark for each in marks) and translation.count(mark) == len(marks):
            remaining = iter(marks)
            translation = re.sub(re.escape(mark), lambda _: next(remaining), translation)  # noqa: B023
    return translation
