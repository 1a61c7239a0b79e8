"""How many inline tags stand around the right words of a translation."""

import re

from benchmarks import naive
from tests.serving import serving

SENTENCES = (
    ("Click <b>here</b> to open the file.", "aqui"),
    ("The <i>old house</i> by the river is beautiful.", "casa"),
    ('Read the <a href="x">terms of service</a> before you sign.', "termos de serviço"),
    ("We offer a <b>free trial</b> for students.", "gratuit"),
    ("My <b>brother</b> lives in Germany.", "irmão"),
    ("My brother lives in <i>Germany</i>.", "alemanha"),
    ("The <b>blue car</b> was faster than the red one.", "carro azul"),
    ("She bought <b>two tickets</b> for the concert.", "dois"),
    ('You can <a href="y">download the report</a> as a file.', "relatório"),
    ("<b>Warning:</b> the water is hot.", "aviso"),
    ("He said that <i>nobody knows</i> the answer.", "ninguém sabe"),
    ("Our new office opens in <b>September</b>.", "setembro"),
    ("It was <i>the best day</i> of my life.", "melhor dia"),
    ("The meeting starts at <b>nine o'clock</b> tomorrow.", "nove"),
    ("Children under <b>twelve</b> must be with an adult.", "doze"),
    ("The <b>teacher</b> gave the book to the girl.", "professor"),
)
"""Each with words that the tag must stand around in Portuguese, as no more than twice as many."""


def run() -> str:
    """Measure and return the section."""
    with serving() as hanse:
        answer = hanse.client(hanse.make_key()).post(
            "/v2/translate",
            json={
                "text": [sentence for sentence, _ in SENTENCES],
                "source_lang": "en",
                "target_lang": "pt-br",
                "tag_handling": "html",
            },
        )
    whole, right, rows = _judged([each["text"] for each in answer.json()["translations"]])
    sources = [source for source, _ in SENTENCES]
    naive_whole, naive_right, _ = _judged(naive.translate(naive.load("en", "pt"), sources))
    count = len(SENTENCES)
    return (
        "## Inline tags\n\n"
        f"{count} English sentences with a tag around some words, to Portuguese "
        "(`python -m benchmarks tags`).\n\n"
        f"| | Hanse | {naive.NAME} |\n|---|---|---|\n"
        f"| every tag there once, well-formed | {whole} of {count} | {naive_whole} of {count} |\n"
        f"| around the right words | {right} of {count} | {naive_right} of {count} |\n"
        + ("\n" if rows else "")
        + "".join(rows)
    )


def _judged(translations: list[str]) -> tuple[int, int, list[str]]:
    """Return how many have all tags, how many in the right place, and the others as lines."""
    rows = []
    right = whole = 0
    for (source, wanted), text in zip(SENTENCES, translations, strict=True):
        tags = re.findall("<[^>]+>", text)
        whole += tags == re.findall("<[^>]+>", source)
        inside = re.search(r"<[^/][^>]*>(.*?)</", text)
        words = inside[1].lower() if inside else ""
        is_right = wanted in words and len(words.split()) <= 2 * len(wanted.split()) + 1
        right += is_right
        if not is_right:
            rows.append(f"- `{source}` became `{text}`\n")
    return whole, right, rows
