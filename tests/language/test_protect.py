"""What engines do not know comes out of the real models as it went in."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse import language
from hanse.inference import InferenceClient
from hanse.language.detect import Detector
from hanse.language.marks import plain, restored
from hanse.language.protect import protected_spans
from hanse.language.segment import segment

PROTECTED = [
    "info@example.org",
    "anna.maria+list@mail.example.co.uk",
    "https://example.org/a?b=c&d=%20#e",
    "www.example.org/path",
    "example.org/docs/start.html",
    "/usr/local/bin",
    "~/notes/list.txt",
    r"C:\Users\anna\file.txt",
    r"\\server\share",
    "@anna",
    "#home",
    "C#",
    "{name}",
    "{{count}}",
    "${total}",
    "{n, plural, one {# file} other {# files}}",
    "%s",
    "%1$s",
    "%(size)d",
    "$HOME",
    "&amp;",
    "<br/>",
    '<a href="x y.html">',
    "`git push`",
    "my_long_name",
    "😀",
    "👍🏽",
    "👨‍👩‍👧‍👦",
    "🇧🇷",
    "❤️",
    "1️⃣",
    "→",
    "→ ←",
    "€20",
    "20 €",
    "£1,000.50",
    "½",
    "1½",
    "m²",
    "CO₂",
    "①",
    "µm",
    "Acme™",
    "©",
    "§",
    "•",
    "×",
    "±",
    "≤",
    "^",
    "~",
    "\\",
    "|",
    "&&",
    "<",
    ">",
    "_",
    "@",
    "#",
    "{",
    "}",
]
FRAMES = {
    "en": "The good friend says {} and the children go home.",
    "pt": "O bom amigo diz {} e as crianças vão para casa.",
}
ORGANISATION = UUID(int=1)


async def translations(
    inference: InferenceClient, texts: Sequence[str], source: str, target: str
) -> list[str]:
    translation = await language.translate(
        inference,
        Detector(),
        organisation_id=ORGANISATION,
        texts=texts,
        target=target,
        source=source,
    )
    return [text.text for text in translation.texts]


@pytest.mark.parametrize(("source", "target"), [("en", "pt"), ("pt", "en")])
async def test_every_protected_span_is_in_the_translation_once(
    inference: InferenceClient, source: str, target: str
) -> None:
    texts = [FRAMES[source].replace("{}", span, 1) for span in PROTECTED]
    home = {"pt": "casa", "en": "home"}[target]
    for span, text in zip(
        PROTECTED, await translations(inference, texts, source, target), strict=True
    ):
        assert text.count(span) == 1, text
        assert f" {span} " in text
        assert home in text


async def test_the_words_around_what_is_protected_are_translated(
    inference: InferenceClient,
) -> None:
    assert await translations(
        inference,
        [
            "Write to info@example.org, please.",
            "<b>Bold</b> and <i>old</i>",
            "Use a < b && c > d in the code.",
            "Thanks 😀👍🏽!",
            "It costs €20.",
        ],
        "en",
        "pt",
    ) == [
        "Escreva para o info@example.org, por favor.",
        "<b>Negrito</b> e <i>velho</i>",
        "Use um < b && c > d no código.",
        "Obrigado por 😀👍🏽!",
        "Custa €20.",
    ]


async def test_typographic_marks_are_translated_like_plain_ones(
    inference: InferenceClient,
) -> None:
    texts = ["It’s John’s house.", "“Hello,” he said.", "«Hello», he said."]
    plainly = [plain(text) for text in texts]
    assert plainly == ["It's John's house.", '"Hello," he said.', '"Hello", he said.']
    marked = await translations(inference, texts, "en", "pt")
    assert [plain(text) for text in marked] == await translations(inference, plainly, "en", "pt")
    assert "“Olá”" in marked[1]
    assert "«Olá»" in marked[2]


@pytest.mark.parametrize(
    ("source", "answer", "expected"),
    [
        ("„Ja“, sagte er.", '"Yes," he said.', "„Yes,“ he said."),
        ("„Ja“, sagte er.", "Yes, he said.", "Yes, he said."),
        ("„Ja“, sagte er.", 'Yes," he said.', 'Yes," he said.'),
        ("It’s so.", "C'est ainsi.", "C’est ainsi."),
        ("It’s ‘so’.", "C'est 'si'.", "C’est ‘si’."),
        ("It’s ‘so’.", "É 'assim'.", "É 'assim'."),
        ("It's so.", "C'est ainsi.", "C'est ainsi."),
    ],
)
def test_marks_come_back_only_where_their_places_are_known(
    source: str, answer: str, expected: str
) -> None:
    assert restored(source, answer) == expected


@given(text=st.text("a'’‘\"“”«»-‑ ", max_size=20))
def test_marks_survive_an_engine_that_changes_nothing(text: str) -> None:
    assert restored(text, plain(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "We use C++ at AT&T, R&D and Marks & Spencer, 50% off for $5.",
        "He’s “here”: 2 + 2 = 4, at 20 °C, either/or (see [1]) on 3.5.2024; n.º 5, 2ª vez…",
        "Open config.yaml on example.org – it's well-known — yes!",
    ],
)
def test_a_sentence_without_anything_to_protect_stays_whole(text: str) -> None:
    assert protected_spans(text) == []
    assert [piece.text for piece in segment(text, "en")] == [text]


def test_punctuation_stays_with_what_is_protected() -> None:
    pieces = segment('Write ("info@example.org"), or 😀, call. "Yes 😀," she said.', "en")
    assert [piece.text for piece in pieces if piece.translatable] == [
        "Write",
        "or",
        "call.",
        "Yes",
        "she said.",
    ]
