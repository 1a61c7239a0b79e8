"""What is plainly wrong with single sentences of a translation, and where. No I/O."""

from collections.abc import Iterator, Sequence

import msgspec

from hanse.language.glossaries.enforcement import Term, TermOutcome
from hanse.language.languages import root
from hanse.language.pipeline import Place
from hanse.language.quality.checks import Issue, TextSpan, issues


def signals(
    source: str,
    target: str,
    languages: tuple[str, str],
    places: Sequence[Place],
    terms: Sequence[Term],
) -> tuple[Issue, ...]:
    """Return what the rules of quality evaluation find in each sentence, and missing terms.

    `languages` are those of source and target; spans are those of the whole texts.
    """
    found: list[Issue] = []
    ours, theirs = map(root, languages)
    for place in places:
        sentences = source[slice(*place.source)], target[slice(*place.target)]
        found += (_moved(issue, place) for issue in issues(*sentences, ours, theirs))
    return (*found, *_missing(terms))


def without_spans(issue: Issue) -> Issue:
    """Return an issue of a text whose places have changed since."""
    return msgspec.structs.replace(issue, source_spans=(), target_spans=())


def _moved(issue: Issue, place: Place) -> Issue:
    return msgspec.structs.replace(
        issue,
        source_spans=_shifted(issue.source_spans, place.source[0]),
        target_spans=_shifted(issue.target_spans, place.target[0]),
    )


def _shifted(spans: Sequence[TextSpan], by: int) -> tuple[TextSpan, ...]:
    return tuple(TextSpan(span.start + by, span.end + by) for span in spans)


def _missing(terms: Sequence[Term]) -> Iterator[Issue]:
    for term in terms:
        if term.outcome is TermOutcome.MISSING:
            explanation = f"“{term.source}” is not translated as “{term.target}”."
            yield Issue("Accuracy", "Terminology", "Major", explanation)
