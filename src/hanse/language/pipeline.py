"""From texts to sentences for the engines, and from their answers back to texts. No I/O.

`plan` decides what every text needs, `assemble` puts the answers where they belong. Both ends of
each sentence lie in copied text, so white space comes out as it went in.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from hanse.language.capitals import in_sentence_case, is_in_capitals
from hanse.language.languages import root
from hanse.language.marks import plain, restored
from hanse.language.mask import Masked, mask, unmask
from hanse.language.segment import Span, SplitMode, sentences

Route = tuple[str, ...]
"""Names of models to run one after the other; empty: the text stays as it is."""

UNSPACED_LANGUAGES: Final = frozenset({"ja", "zh", "yue", "th", "lo", "km", "my", "bo"})
"""Written without blanks between sentences, or between words."""

_CONTROL: Final = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_NOT_GENERATED: Final = re.compile(rf"[ {_CONTROL}]{{2,}}|[{_CONTROL}]")


class Sentence(msgspec.Struct, frozen=True):
    """A place for a translation: `number` in its route's list; `source` is as it was written.

    `span` is where it stands in its text. One with `masked` has code words; if the answer has lost
    one, it is made of `parts` instead, which are strings to copy and `Part`s to translate.
    """

    number: int
    source: str
    span: Span
    masked: Masked | None = None
    parts: tuple["str | Part", ...] = ()


class Part(msgspec.Struct, frozen=True):
    """A piece of a sentence that is translated by itself; `text` is what the engine is given."""

    text: str
    source: str


class TextPlan(msgspec.Struct, frozen=True):
    """How one text is put together: copied strings, and sentences of its route."""

    language: str | None
    route: Route
    pieces: tuple[str | Sentence, ...]

    @property
    def sentences(self) -> list[Sentence]:
        """What engines have to do for this text."""
        return [piece for piece in self.pieces if isinstance(piece, Sentence)]

    def sources(self, text: str) -> list[str]:
        """Return the sentences as they stand in `text`, of which this is the plan."""
        return [text[slice(*sentence.span)] for sentence in self.sentences]


class Place(msgspec.Struct, frozen=True):
    """Where a sentence of the source stands in the target."""

    source: Span
    target: Span


class Assembled(msgspec.Struct, frozen=True):
    """One text put together; `failed` counts the sentences that no engine translated.

    `places` has each sentence, in the order of the text.
    """

    text: str
    failed: int
    places: tuple[Place, ...] = ()


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
    copied: Sequence[Sequence[Span]] = (),
    known: Sequence[Mapping[str, str]] = (),
) -> Plan:
    """Plan the translation of `texts` into `target`.

    `languages` are their canonical codes, None for a text without any language, which stays as it
    is. Equal sentences are computed once. `copied` says for each text what of it must stay as it is
    besides what `protect` finds; `known` has translations of whole sentences. Whatever `route`
    raises passes through.
    """
    numbers: dict[Route, dict[str, int]] = {}
    plans = []
    for text, language, kept, has in zip(
        texts, languages, copied or [()] * len(texts), known or [{}] * len(texts), strict=True
    ):
        if language is None or is_same_language(language, target):
            plans.append(TextPlan(language, (), (text,) if text else ()))
            continue
        models = tuple(route(language, target))
        plans.append(
            _plan_text(
                text, language, target, mode, models, numbers.setdefault(models, {}), kept, has
            )
        )
    return Plan(tuple(plans), {models: list(known) for models, known in numbers.items() if known})


def _plan_text(
    text: str,
    language: str,
    target: str,
    mode: SplitMode,
    models: Route,
    numbers: dict[str, int],
    copied: Sequence[Span],
    known: Mapping[str, str],
) -> TextPlan:
    glued = language in UNSPACED_LANGUAGES and root(target) not in UNSPACED_LANGUAGES
    pieces: list[str | Sentence] = []
    done = 0
    for spans in sentences(text, language, mode, copied):
        masked = mask(text, spans)
        whole = [(spans[0][0], spans[-1][1])] if masked else spans
        for start, end in whole:
            if start > done:
                pieces.append(text[done:start])
            elif glued and pieces:
                # The target separates sentences where the source needs nothing.
                pieces.append(" ")
            done = end
            if text[start:end] in known:
                pieces.append(known[text[start:end]])
                continue
            source = masked.text if masked else text[start:end]
            number = numbers.setdefault(_for_engine(source, _codes(masked)), len(numbers))
            parts = _parts(text, spans) if masked else ()
            pieces.append(Sentence(number, source, (start, end), masked, parts))
    if done < len(text):
        pieces.append(text[done:])
    return TextPlan(language, models, tuple(pieces))


def _parts(text: str, spans: Sequence[Span]) -> tuple[str | Part, ...]:
    parts: list[str | Part] = []
    done = spans[0][0]
    for start, end in spans:
        if start > done:
            parts.append(text[done:start])
        parts.append(Part(_for_engine(text[start:end]), text[start:end]))
        done = end
    return tuple(parts)


def _codes(masked: Masked | None) -> frozenset[str]:
    return frozenset(code for code, _ in masked.codes) if masked else frozenset()


def _for_engine(source: str, codes: frozenset[str] = frozenset()) -> str:
    sentence = " ".join(plain(source).split())
    return in_sentence_case(sentence, codes) if is_in_capitals(sentence) else sentence


def _as_written(source: str, answer: str) -> str:
    """Return an answer with the marks and the capitals of what was asked."""
    if is_in_capitals(source):
        answer = answer.upper()
    return restored(source, answer)


def unmasked(sentence: Sentence, answer: str) -> str | None:
    """Return the answer to a sentence, its copied parts in place; None if one was lost."""
    if sentence.masked is None:
        return _as_written(sentence.source, answer)
    return unmask(_as_written(sentence.source, answer), sentence.masked)


def spare_parts(plan: Plan, results: Mapping[Route, Sequence[str]]) -> dict[Route, list[str]]:
    """Return what must be translated on top, because masked sentences came back without a mask."""
    spare: dict[Route, dict[str, None]] = {}
    for text in plan.texts:
        for sentence in text.sentences:
            if sentence.masked is None:
                continue
            answer = one_line(results[text.route][sentence.number])
            if unmasked(sentence, answer) is None:
                parts = (part.text for part in sentence.parts if isinstance(part, Part))
                spare.setdefault(text.route, {}).update(dict.fromkeys(parts))
    return {route: list(parts) for route, parts in spare.items()}


def assemble(
    plan: Plan,
    results: Mapping[Route, Sequence[str]],
    spare: Mapping[Route, Mapping[str, str]] | None = None,
) -> list[Assembled]:
    """Put the texts together; `results` answers `plan.sentences`, in the same order.

    `spare` answers `spare_parts`. An empty answer is no translation: the sentence is then left as
    it was, and counted.
    """
    for models, asked in plan.sentences.items():
        assert len(results[models]) == len(asked), "one answer for each sentence"
    return [
        _assemble_text(text, results.get(text.route, ()), (spare or {}).get(text.route, {}))
        for text in plan.texts
    ]


def _assemble_text(text: TextPlan, results: Sequence[str], spare: Mapping[str, str]) -> Assembled:
    parts = []
    places = []
    failed = length = 0
    for piece in text.pieces:
        if isinstance(piece, str):
            put = piece
        else:
            put, is_translated = _translated(piece, one_line(results[piece.number]), spare)
            failed += not is_translated
            places.append(Place(piece.span, (length, length + len(put))))
        parts.append(put)
        length += len(put)
    return Assembled("".join(parts), failed, tuple(places))


def _translated(sentence: Sentence, answer: str, spare: Mapping[str, str]) -> tuple[str, bool]:
    if answer and (whole := unmasked(sentence, answer)) is not None:
        return whole, True
    if sentence.masked is None:
        return sentence.source, False
    put = []
    is_translated = True
    for part in sentence.parts:
        if isinstance(part, str):
            put.append(part)
            continue
        own = one_line(spare.get(part.text, ""))
        is_translated = is_translated and bool(own)
        put.append(_as_written(part.source, own) if own else part.source)
    return "".join(put), is_translated


def one_line(sentence: str) -> str:
    """Take from an engine's answer the white space that only the source may decide."""
    return _NOT_GENERATED.sub(" ", sentence).strip(" ")
