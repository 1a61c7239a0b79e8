"""Correction of English by Harper, an offline grammar and spelling checker.

Only what is plainly wrong is changed: style and readability are the writer's own. Harper knows
English alone; no checker of its quality with a permissive licence was found for other languages.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rapidfuzz.distance import OSA

from hanse.inference.engines import LoadedModel
from hanse.inference.job import CostPrior, ModelInfo, ModelSpec, Traits
from hanse.inference.messages import ItemError

if TYPE_CHECKING:
    from harper import Dialect, Lint, Linter

TASK: Final = "correct"
LANGUAGES: Final = ("en", "en-US", "en-GB")
"""In `en` the spelling of either country is right, as long as it is one of them throughout."""

PASSES_MAX: Final = 3
"""A correction may bring another mistake to light: "a apple are"."""

_OWN: Final = frozenset({"Enhancement", "Formatting", "Readability", "Regionalism", "Style"})
"""Kinds of remarks that are about taste."""
_LONG_WORD: Final = 6
_BLANKS: Final = " \n\t\u00a0"
_CODE: Final = re.compile(r"\w[./:@_\\]\w|[<>{}@_\\`#$%]|//")


class Checker:
    """The engine `checker`."""

    name = "checker"
    version = "1"
    traits = Traits(
        batch_items_max=16,
        pads=False,
        prior=CostPrior(fixed_s=0.0005, item_s=0.0005, char_s=0.00002),
    )

    def load(self, model: ModelSpec) -> LoadedModel:
        """Load the dictionary of English (a quarter of a second, some 120 MB)."""
        from harper import Dialect, Linter

        dialects = {"en-US": [Dialect.AMERICAN], "en-GB": [Dialect.BRITISH]}
        either = [Dialect.AMERICAN, Dialect.BRITISH]
        return _Model(Linter(), dialects.get(model.info.source or "", either))


class _Model:
    def __init__(self, linter: "Linter", dialects: "Sequence[Dialect]") -> None:
        self._linter = linter
        self._dialects = dialects

    def run(self, items: Sequence[str]) -> list[str | ItemError]:
        return [self._corrected(text) for text in items]

    def _corrected(self, text: str) -> str:
        for _ in range(PASSES_MAX):
            mistakes = min((self._mistakes(text, each) for each in self._dialects), key=len)
            if not mistakes:
                break
            for lint in reversed(mistakes):
                text = self._linter.apply_suggestion(text, lint, lint.suggestions[0])
        return text

    def _mistakes(self, text: str, dialect: "Dialect") -> "list[Lint]":
        """Return what is certainly wrong, in the order of the text, disjoint."""
        self._linter.dialect = dialect
        found: list[Lint] = []
        for lint in sorted(self._linter.lint(text, language="plaintext"), key=_start):
            overlaps = bool(found) and lint.span.start < found[-1].span.end
            if lint.suggestions and not overlaps and _is_certain(lint) and _is_prose(text, lint):
                found.append(lint)
        return found


def _start(lint: "Lint") -> int:
    return lint.span.start


def _is_certain(lint: "Lint") -> bool:
    if lint.lint_kind in _OWN:
        return False
    if lint.lint_kind != "Spelling":
        return True
    # A word that the dictionary does not have may be a name or a term: it must be one slip away
    # from a word, and long ones two.
    word, better = lint.problem_text, lint.suggestions[0].replacement_text
    if not word.islower() or better != better.lower():
        return False
    slips = OSA.distance(word, better)
    return slips <= (2 if len(word) > _LONG_WORD and word[0] == better[0] else 1)


def _is_prose(text: str, lint: "Lint") -> bool:
    """Say whether a remark is about words, not about an address, a file name or a placeholder."""
    start = max(text.rfind(blank, 0, lint.span.start) for blank in _BLANKS) + 1
    ends = (text.find(blank, lint.span.end) for blank in _BLANKS)
    end = min((end for end in ends if end >= 0), default=len(text))
    return _CODE.search(text, start, end) is None


engine = Checker()


def models() -> list[ModelSpec]:
    """Return the models of this engine: one for each variety that it corrects."""
    return [
        ModelSpec(
            info=ModelInfo(
                name=f"correct-{language}",
                task=TASK,
                source=language,
                target=language,
                engine=engine.name,
                hash=f"{engine.name}-{engine.version}-{language}",
            ),
            traits=engine.traits,
        )
        for language in LANGUAGES
    ]
