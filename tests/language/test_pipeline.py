import re

from hypothesis import given
from hypothesis import strategies as st

from hanse.language.pipeline import Plan, assemble, billed_characters, plan, spare_parts
from hanse.language.segment import SplitMode, segment

PIECES = st.sampled_from(
    [
        *"\r\n\t\x00\x85\u2028 \u00a0.!?。,-aZé9字",
        "  ",
        ". ",
        "\n\n",
        "Dr. ",
        "word ",
        "Oi. ",
        "a" * 70,
    ]
)
TEXT = st.lists(PIECES, max_size=30).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=60
)
LANGUAGE = st.sampled_from([None, "en", "pt", "de", "zh"])


def one_model(source: str, target: str) -> list[str]:
    return [f"{source}-{target}"]


def with_plain_blanks(text: str) -> str:
    """Within a sentence an engine is given plain blanks, and no places to break a word at."""
    return re.sub("[\u00ad\u200b]", "", re.sub(r"\s", " ", text))


def together(planned: Plan, results: dict[tuple[str, ...], list[str]]) -> list[str]:
    return [assembled.text for assembled in assemble(planned, results)]


def answers(planned: Plan, engine: object = str) -> dict[tuple[str, ...], list[str]]:
    return {
        route: [engine(sentence) for sentence in sentences]  # type: ignore[operator]
        for route, sentences in planned.sentences.items()
    }


@given(samples=st.lists(st.tuples(TEXT, LANGUAGE), max_size=6))
def test_an_engine_that_changes_nothing_gives_back_the_texts(
    samples: list[tuple[str, str | None]],
) -> None:
    texts = [text for text, _ in samples]
    languages = [language for _, language in samples]
    planned = plan(texts, languages, "zh-Hans", SplitMode("1"), one_model)
    assert [with_plain_blanks(text) for text in together(planned, answers(planned))] == [
        with_plain_blanks(text) for text in texts
    ]


@given(text=TEXT, mode=st.sampled_from(SplitMode))
def test_white_space_around_sentences_survives_any_engine(text: str, mode: SplitMode) -> None:
    planned = plan([text], ["en"], "pt", mode, one_model)
    answer = " X\ny\x00  z "
    results = answers(planned, lambda _: answer)
    spare = {
        route: dict.fromkeys(parts, answer)
        for route, parts in spare_parts(planned, results).items()
    }
    [assembled] = assemble(planned, results, spare)
    assert assembled.text == "".join(
        "X y z" if piece.translatable else piece.text for piece in segment(text, "en", mode)
    )


def test_equal_sentences_are_computed_once_and_put_in_each_place() -> None:
    planned = plan(["Yes.\nNo.\nYes.", "Yes."], ["en", "en"], "pt", SplitMode("1"), one_model)
    assert planned.sentences == {("en-pt",): ["Yes.", "No."]}
    assert planned.count == 2
    assert together(planned, {("en-pt",): ["Sim.", "Não."]}) == ["Sim.\nNão.\nSim.", "Sim."]


def test_texts_of_several_languages_take_their_own_ways() -> None:
    planned = plan(["Hello", "Oi", "Hallo"], ["en", "pt", "de"], "pt-BR", SplitMode("1"), one_model)
    assert planned.sentences == {("en-pt-BR",): ["Hello"], ("de-pt-BR",): ["Hallo"]}
    results = {("en-pt-BR",): ["Olá"], ("de-pt-BR",): ["Olá!"]}
    assert together(planned, results) == ["Olá", "Oi", "Olá!"]


def test_a_text_in_a_variant_of_the_target_language_stays_as_it_is() -> None:
    planned = plan(["Colour  \n"], ["en-GB"], "en-US", SplitMode("1"), one_model)
    assert planned.count == 0
    assert together(planned, {}) == ["Colour  \n"]


def test_a_soft_line_break_reaches_the_engine_as_a_blank() -> None:
    planned = plan(["The quick\nbrown fox."], ["en"], "pt", SplitMode("nonewlines"), one_model)
    assert planned.sentences == {("en-pt",): ["The quick brown fox."]}


def test_sentences_without_blanks_between_them_get_one_where_the_target_needs_it() -> None:
    planned = plan(["一。二。\n三。"], ["zh"], "en", SplitMode("1"), one_model)
    assert together(planned, {("zh-en",): ["One.", "Two.", "Three."]}) == ["One. Two.\nThree."]
    planned = plan(["一。二。"], ["zh"], "ja", SplitMode("1"), one_model)
    assert together(planned, {("zh-ja",): ["一つ。", "二つ。"]}) == ["一つ。二つ。"]


def test_an_empty_answer_leaves_the_sentence_as_it_was_and_is_counted() -> None:
    planned = plan(["Hm. Yes.", "Yes."], ["en", "en"], "pt", SplitMode("1"), one_model)
    done = assemble(planned, {("en-pt",): [" ", "Sim."]})
    assert [(each.text, each.failed) for each in done] == [("Hm. Sim.", 1), ("Sim.", 0)]
    assert [place.source for place in done[0].places] == [(0, 3), (4, 8)]


@given(text=TEXT)
def test_every_code_point_of_the_source_is_billed(text: str) -> None:
    assert billed_characters(text) == len(text.encode("utf-32-le")) // 4
