"""What a student knows about its pieces, in the form that jobs get (`hanse.inference.scored`)."""

from collections.abc import Sequence

from hanse.inference.engines.firefox.model_file import FloatArray
from hanse.inference.engines.firefox.student import Details, Student
from hanse.inference.scored import Scored, Token, encode


def translated(model: Student, texts: Sequence[str]) -> list[bytes]:
    """Translate with scores. Raises SentenceTooLong."""
    results = []
    for translation in model.translate(texts, with_scores=True):
        details = translation.details
        assert details is not None
        known = [True] * len(details.target_spans)
        results.append(_encoded(translation.text, details, details.scores, known))
    return results


def rated(model: Student, pairs: Sequence[tuple[str, str]]) -> list[bytes]:
    """Score sources with their translations. Raises SentenceTooLong."""
    ratings = model.rate(pairs)
    return [
        _encoded(target, rating.details, rating.tops, rating.known)
        for (_, target), rating in zip(pairs, ratings, strict=True)
    ]


def _encoded(text: str, details: Details, tops: FloatArray, known: Sequence[bool]) -> bytes:
    tokens = []
    for place, (start, end) in enumerate(details.target_spans):
        # The last column is the end of the source, which no word is made from.
        row = details.alignment[place][:-1]
        source = details.source_spans[int(row.argmax())] if len(row) else (0, 0)
        score, best = (
            (float(details.scores[place]), float(tops[place])) if known[place] else (0.0, 0.0)
        )
        tokens.append(Token(start, end, round(score, 4), round(best, 4), *source))
    return encode(Scored(text, tuple(tokens)))
