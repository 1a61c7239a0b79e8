import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hanse.language.protect import protected_spans
from hanse.language.segment import (
    SENTENCE_CHARACTERS_MAX,
    WORD_CHARACTERS_MAX,
    Segment,
    SplitMode,
    segment,
)

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
AWKWARD_PIECES = st.sampled_from(
    [
        *"\r\n\t\x00\x07\x0b\x0c\x1c\x85\u00a0\u2028\u2029\u200b\u3000\ufeff\u0301\u200d",
        *".!?…。！？:;,()[]{}«»“”\"'-—*#>º§",
        *"aZé9字ไ한",
        *[" ", "  ", "\r\n", "\n\n", ". ", "? ", "Dr. ", "n.º ", "e.g. ", "1. ", "- ", "U.S. "],
        *["word ", "Satz. ", "https://a.example/b.c?d=e. ", "user@a.example ", "3.50 ", "😀"],
        *["<b>", "{x}", "%1$s", "C:\\d ", "@anna ", "#home ", "→", "€5 ", "½", "’", "“"],
        *["a" * 70, "b, " * 150, "天" * 450, "x " * 220],
    ]
)
AWKWARD_TEXT = st.lists(AWKWARD_PIECES, max_size=40).map("".join)
LANGUAGES = st.sampled_from(["en", "pt", "pt-BR", "de", "fr", "ja", "zh-Hant", "th", "ace"])


def translated(
    text: str, language: str, mode: SplitMode = SplitMode.PUNCTUATION_AND_NEWLINES
) -> list[str]:
    return [piece.text for piece in segment(text, language, mode) if piece.translatable]


@given(text=ANY_TEXT | AWKWARD_TEXT, language=LANGUAGES, mode=st.sampled_from(SplitMode))
@example(text="\u2028a.\x85B.\r\n\r\nC\rD\n", language="en", mode=SplitMode.NONE)
def test_the_pieces_put_together_are_the_text(text: str, language: str, mode: SplitMode) -> None:
    pieces = segment(text, language, mode)
    assert "".join(piece.text for piece in pieces) == text
    assert all(text[piece.start : piece.end] == piece.text != "" for piece in pieces)


@given(text=ANY_TEXT | AWKWARD_TEXT, language=LANGUAGES, mode=st.sampled_from(SplitMode))
def test_an_engine_sees_only_bounded_lines_with_letters(
    text: str, language: str, mode: SplitMode
) -> None:
    for piece in translated(text, language, mode):
        assert len(piece) <= SENTENCE_CHARACTERS_MAX
        assert piece == piece.strip()
        assert any(character.isalpha() for character in piece)
        assert "\t" not in piece
        assert "\x00" not in piece
        assert "  " not in piece
        if mode is SplitMode.PUNCTUATION_AND_NEWLINES:
            assert len(piece.splitlines()) == 1
        assert "\n\n" not in piece


@given(text=AWKWARD_TEXT, mode=st.sampled_from(SplitMode))
def test_an_engine_never_sees_an_endless_latin_word(text: str, mode: SplitMode) -> None:
    for piece in translated(text, "en", mode):
        ascii_words = "".join(c if c.isascii() else " " for c in piece).split()
        assert all(len(word) <= WORD_CHARACTERS_MAX for word in ascii_words)


def test_offsets_are_code_points() -> None:
    assert segment("😀\nOi.", "pt") == [
        Segment("😀\n", 0, 2, False),
        Segment("Oi.", 2, 5, True),
    ]


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        ("pt", "A Dra. Ana mora na Av. Paulista, n.º 5. Ela gosta.", 2),
        ("pt", "Vide pág. 5 e art. 3 da lei. Sim.", 2),
        ("pt", "O Sr. J. Silva foi às 10h30. Fim.", 2),
        ("en", "Dr. Smith of St. Mary's, e.g. on No. 5, paid $3.50. Fine!", 2),
        ("en", "See Vol. 2, approx. ten pages. Then stop.", 2),
        ("en", "Mr. Lee of example.org met Mrs. Lee of config.yaml. Thanks.", 2),
        ("en", "He lives in the U.S. Army camp. It is 3.5 km away.", 2),
        ("en", "Really?! Yes... maybe. No.", 3),
        ("de", "Das ist z.B. gut, bzw. am 3. Mai. Ende.", 2),
        ("fr", "M. Dupont et Mme. Durand viennent. Voir p. 3. Oui.", 3),
        ("es", "El Sr. López vive en la Av. Central, n.º 5. Fin.", 2),
        ("it", "Il sig. Rossi e il dott. Verdi. Fine.", 2),
        ("nl", "Dhr. Jansen en mevr. de Vries, d.w.z. nu. Einde.", 2),
        ("ja", "これは文です。次の文です！終わり", 3),
        ("hi", "यह है। वह है।", 2),
    ],
)
def test_sentences_end_where_a_reader_says_so(language: str, text: str, sentences: int) -> None:
    assert len(translated(text, language)) == sentences


def test_white_space_between_sentences_is_copied() -> None:
    text = "  First one.  Second one?\r\n\r\n\tThird,\tcell \n"
    assert [(piece.text, piece.translatable) for piece in segment(text, "en")] == [
        ("  ", False),
        ("First one.", True),
        ("  ", False),
        ("Second one?", True),
        ("\r\n\r\n\t", False),
        ("Third,", True),
        ("\t", False),
        ("cell", True),
        (" \n", False),
    ]


def test_a_line_break_ends_a_sentence_only_where_asked() -> None:
    text = "The quick\nbrown fox. It ran.\n\nAway."
    assert translated(text, "en", SplitMode("1")) == ["The quick", "brown fox.", "It ran.", "Away."]
    assert translated(text, "en", SplitMode("nonewlines")) == [
        "The quick\nbrown fox.",
        "It ran.",
        "Away.",
    ]
    assert translated(text, "en", SplitMode("0")) == ["The quick", "brown fox. It ran.", "Away."]


def test_only_a_line_break_inside_a_sentence_is_read_as_a_blank() -> None:
    text = "Buy\n- milk\n  and bread.\nThen go\r\nhome.\n"
    pieces = segment(text, "en", SplitMode("nonewlines"))
    assert [(piece.text, piece.translatable) for piece in pieces] == [
        ("Buy", True),
        ("\n- ", False),
        ("milk", True),
        ("\n  ", False),
        ("and bread.", True),
        ("\n", False),
        ("Then go\r\nhome.", True),
        ("\n", False),
    ]


@pytest.mark.parametrize("space", ["\n", "\r\n", " \n", "\t", "  ", "\n\n", "\u2028"])
def test_without_splitting_white_space_is_still_copied(space: str) -> None:
    pieces = segment(f"One. Two.{space}three", "en", SplitMode("0"))
    assert [piece.text for piece in pieces] == ["One. Two.", space, "three"]


@pytest.mark.parametrize("text", ["", " \n\t", "12:30", "…", "😀😀", "-----", "3.50 €", "\x00\x01"])
def test_a_text_without_letters_is_copied(text: str) -> None:
    assert translated(text, "en") == []


def test_a_list_marker_is_copied() -> None:
    assert translated("- Milk\n* Bread\n2) Salt\n## Title\n> Quote", "en") == [
        "Milk",
        "Bread",
        "Salt",
        "Title",
        "Quote",
    ]


def test_a_word_without_end_is_copied_and_its_sentence_goes_on_around_it() -> None:
    blob = "QUJD" * 40
    assert translated(f"The key {blob} is secret.", "en") == ["The key", "is secret."]


@pytest.mark.parametrize(("language", "character"), [("zh", "天"), ("ja", "か"), ("th", "ก")])
def test_a_script_without_blanks_is_text_however_long(language: str, character: str) -> None:
    assert "".join(translated(character * 1_000, language)) == character * 1_000


def test_a_long_sentence_is_cut_after_clauses_into_even_parts() -> None:
    text = "The weather, which was fine, has turned and nobody goes out tonight, " * 20
    pieces = translated(text, "en")
    assert all(piece.endswith(",") for piece in pieces)
    assert min(map(len, pieces)) > SENTENCE_CHARACTERS_MAX // 2


@pytest.mark.parametrize(
    "unit",
    [
        "word ",
        "a",
        "A b. ",
        "x\n",
        "。",
        ".",
        '"',
        "(",
        "Dr. ",
        " ",
        "x  ",
        "天",
        "e\u0301",
        "a \n",
        "<",
        "<a",
        "`a`",
        "‘a ",
        "“",
        "{",
        "{{}",
        "%",
        "a@",
        "a_",
        "`",
        "(\\",
        "/a",
        "http://",
        "😀",
        "€1",
        "&",
        "½",
        "a.",
    ],
)
@pytest.mark.parametrize("mode", SplitMode)
def test_time_grows_linearly_with_the_text(unit: str, mode: SplitMode) -> None:
    def seconds(characters: int) -> float:
        text = unit * (characters // len(unit))
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            segment(text, "en", mode)
            best = min(best, time.process_time() - began)
        return best

    # Quadratic growth would be a factor of 100; linear growth is 10 and a floor for the clock.
    assert seconds(100_000) < 40 * max(seconds(10_000), 0.002)


@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from(
                "abcXYZ 019.,:;!?'\"()[]{}<>`%$&@#\\/_~^|*+=-…·µμ™®°´€²¼😀\ufe0f\u20e3\u200d\n"
            ),
            st.characters(),
        ),
        max_size=60,
    )
)
def test_what_is_protected_does_not_depend_on_what_comes_after(text: str) -> None:
    # The text behind has something to protect in any case, so the quick way out is not taken.
    *spans, last = protected_spans(f"{text}\n\n<x>")
    assert protected_spans(text) == spans
    assert last == (len(text) + 2, len(text) + 5)


@pytest.mark.parametrize(
    "text", ["See www.example.org now", "Write to mailto:me now", "a 10 µm gap"]
)
def test_what_begins_with_letters_is_protected_too(text: str) -> None:
    assert len(protected_spans(text)) == 1


@given(st.text("ab \u00a0\u2003\t\n\r\u2028\x0b", max_size=40))
def test_only_a_single_blank_within_a_text_may_lie_inside_a_sentence(text: str):
    pieces = [piece.text for piece in segment(text, "en") if piece.translatable]
    assert pieces == [
        run
        for run in re.split(r"[ \u00a0\u2003]{2,}|\s*[\t\n\r\u2028\x0b]\s*|^\s+|\s+$", text)
        if run
    ]
