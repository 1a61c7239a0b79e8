"""From texts to sentences for the engines, and from their answers back to texts. No I/O.

`plan` decides what every text needs, `assemble` puts the answers where they belong. Both ends of
each sentence lie in copied text, so white space comes out as it went in.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from hanse.language.languages import root
from hanse.language.marks import plain, restored
from hanse.language.segment import SplitMode, segment

Route = tuple[str, ...]
"""Names of models to run one after the other; empty: the text stays as it is."""

UNSPACED_LANGUAGES: Final = frozenset({"ja", "zh", "yue", "th", "lo", "km", "my", "bo"})
"""Written without blanks between sentences, or between words."""

_CONTROL: Final = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_NOT_GENERATED: Final = re.compile(rf"[ {_CONTROL}]{{2,}}|[{_CONTROL}]")


class Sentence(msgspec.Struct, frozen=True):
    """A place for a translation: `number` in its route's list; `source` is as it was written."""

    number: int
    source: str


class TextPlan(msgspec.Struct, frozen=True):
    """How one text is put together: copied strings, and sentences of its route."""

    language: str | None
    route: Route
    pieces: tuple[str | Sentence, ...]

    @property
    def has_sentences(self) -> bool:
        """Whether engines have anything to do for this text."""
        return any(isinstance(piece, Sentence) for piece in self.pieces)

    @property
    def sentence_numbers(self) -> list[int]:
        """The number of each sentence, in the order of the text."""
        return [piece.number for piece in self.pieces if isinstance(piece, Sentence)]


class Assembled(msgspec.Struct, frozen=True):
    """One text put together; `failed` counts the sentences that no engine translated."""

    text: str
    failed: int


class Plan(msgspec.Struct, frozen=True):
    """What to compute: for each route the distinct sentences, and the recipe of each text."""

    texts: tuple[TextPlan, ...]
    sentences: Mapping[Route, Sequence[str]]

    @property
    def count(self) -> int:
        """The number of sentences that engines are given."""
        return sum(map(len, self.sentences.values()))


def billed_characters(text: str) -> int:
    """Return what a text counts: Unicode code points of the source, whatever is done with it."""
    return len(text)


def is_same_language(source: str, target: str) -> bool:
    """Say whether the text is already in the target language, if perhaps another variant."""
    return root(source) == root(target)


def plan(
    texts: Sequence[str],
    languages: Sequence[str | None],
    target: str,
    mode: SplitMode,
    route: Callable[[str, str], Sequence[str]],
) -> Plan:
    """Plan the translation of `texts` into `target`.

    `languages` are their canonical codes, None for a text without any language, which stays as it
    is. Equal sentences are computed once. Whatever `route` raises passes through.
    """
    numbers: dict[Route, dict[str, int]] = {}
    plans = []
    for text, language in zip(texts, languages, strict=True):
        if language is None or is_same_language(language, target):
            plans.append(TextPlan(language, (), (text,) if text else ()))
            continue
        models = tuple(route(language, target))
        plans.append(
            _plan_text(text, language, target, mode, models, numbers.setdefault(models, {}))
        )
    return Plan(tuple(plans), {models: list(known) for models, known in numbers.items() if known})


def _plan_text(
    text: str, language: str, target: str, mode: SplitMode, models: Route, known: dict[str, int]
) -> TextPlan:
    glued = language in UNSPACED_LANGUAGES and root(target) not in UNSPACED_LANGUAGES
    pieces: list[str | Sentence] = []
    for piece in segment(text, language, mode):
        if not piece.translatable:
            pieces.append(piece.text)
            continue
        if glued and pieces and isinstance(pieces[-1], Sentence):
            # The target separates sentences where the source needs nothing.
            pieces.append(" ")
        number = known.setdefault(" ".join(plain(piece.text).split()), len(known))
        pieces.append(Sentence(number, piece.text))
    return TextPlan(language, models, tuple(pieces))


def assemble(plan: Plan, results: Mapping[Route, Sequence[str]]) -> list[Assembled]:
    """Put the texts together; `results` answers `plan.sentences`, in the same order.

    An empty answer is no translation: the sentence is then left as it was, and counted.
    """
    for models, sentences in plan.sentences.items():
        assert len(results[models]) == len(sentences), "one answer for each sentence"
    return [_assemble_text(text, results.get(text.route, ())) for text in plan.texts]


def _assemble_text(text: TextPlan, results: Sequence[str]) -> Assembled:
    parts = []
    failed = 0
    for piece in text.pieces:
        if isinstance(piece, str):
            parts.append(piece)
            continue
        answer = _one_line(results[piece.number])
        failed += not answer
        parts.append(restored(piece.source, answer) if answer else piece.source)
    return Assembled("".join(parts), failed)


def _one_line(sentence: str) -> str:
    """Take from an engine's answer the white space that only the source may decide."""
    return _NOT_GENERATED.sub(" ", sentence).strip(" ")
