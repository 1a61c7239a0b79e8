"""Words that the engine finds next to impossible."""

from hanse.inference import Scored, Token
from hanse.language.quality.likelihood import UNLIKELY_NATS, WRONG_NATS, Pair, pairs, unlikely

FAR = -WRONG_NATS - 1


def scored(text: str, **scores: float) -> Scored:
    """A token a word, each from the source's first four characters."""
    tokens, at = [], 0
    for word in text.split(" "):
        tokens.append(Token(at, at + len(word), scores.get(word, -0.1), -0.1, 0, 4))
        at += len(word) + 1
    return Scored(text, tuple(tokens))


def test_an_impossible_word_is_reported_with_its_places() -> None:
    target = "die Katze schläft tief"
    issue = unlikely([(Pair("the dog sleeps well", target, 10, 20), scored(target, Katze=FAR))])
    assert issue is not None
    assert issue.severity == "Major"
    assert "“Katze”" in issue.explanation
    assert [(span.start, span.end) for span in issue.target_spans] == [(24, 29)]
    assert [(span.start, span.end) for span in issue.source_spans] == [(10, 14)]


def test_a_doubtful_word_is_a_minor_issue() -> None:
    target = "die Katze schläft tief"
    issue = unlikely(
        [(Pair("the dog sleeps well", target, 0, 0), scored(target, Katze=-UNLIKELY_NATS - 1))]
    )
    assert issue is not None
    assert issue.severity == "Minor"


def test_a_free_wording_a_name_and_a_placeholder_are_not() -> None:
    target = "Ada mag {Katze} sehr gerne"
    rated = scored(target, Ada=FAR, mag=-8.0, **{"{Katze}": FAR})
    assert unlikely([(Pair("Ada likes {Katze} a lot", target, 0, 0), rated)]) is None


def test_another_text_as_a_whole_is_not_listed_word_by_word() -> None:
    target = "alles ganz anders"
    rated = scored(target, alles=FAR, ganz=FAR, anders=FAR)
    assert unlikely([(Pair("the dog sleeps", target, 0, 0), rated)]) is None
    assert unlikely([]) is None


def test_sentences_are_rated_one_by_one_where_their_numbers_agree() -> None:
    found = pairs("Good day.  How are you?", "Guten Tag. Wie geht es?", "en", "de")
    assert found == [
        Pair("Good day.", "Guten Tag.", 0, 0),
        Pair("How are you?", "Wie geht es?", 11, 11),
    ]
    assert pairs("One. Two.", "Eins und zwei.", "en", "de") == [
        Pair("One. Two.", "Eins und zwei.", 0, 0)
    ]
