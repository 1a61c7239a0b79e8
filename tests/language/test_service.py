"""Translating without HTTP: ways through English, and engines that fail."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hanse import language
from hanse.inference import InferenceClient, ModelInfo, ServiceClass, TextOutcome
from hanse.inference.models import bundled_directory
from hanse.language.running import INTERACTIVE_SENTENCES_MAX
from hanse.platform.ids import new_id
from tests.language.conftest import infer

ORGANISATION = new_id()
DETECTOR = language.Detector()


async def translated(inference: Any, *texts: str, **more: Any) -> language.Translation:
    return await language.translate(
        inference, DETECTOR, organisation_id=ORGANISATION, texts=texts, **more
    )


async def test_a_pair_without_a_model_goes_through_english(tmp_path: Path) -> None:
    bundled = bundled_directory()
    assert bundled is not None
    [portuguese] = bundled.glob("pten*")
    # The Portuguese model under another name stands for one that Hanse does not bring.
    (tmp_path / "gl-en").symlink_to(portuguese)
    async with infer(models=tmp_path) as inference:
        overheard = Overheard(inference)
        result = await translated(
            overheard, "A casa é muito antiga.\nBom dia.", source="gl", target="pt-BR"
        )
    assert overheard.asked[0] == (ServiceClass.INTERACTIVE, 2), "both models in one request"
    [text] = result.texts
    assert text.models == ("gl-en", "en-pt")
    assert result.models == ["en-pt", "gl-en"]
    assert text.text.startswith("A casa é muito antiga.\n")


class Overheard:
    """A client of inference that also tells how it was asked."""

    def __init__(self, inference: InferenceClient) -> None:
        self._inference = inference
        self.asked: list[tuple[ServiceClass, int]] = []

    async def models(self) -> list[ModelInfo]:
        return await self._inference.models()

    async def run_each(self, **how: Any) -> list[TextOutcome]:
        self.asked.append((how["service_class"], len(how["items"])))
        return await self._inference.run_each(**how)


@pytest.fixture(scope="module")
async def capitals() -> AsyncIterator[InferenceClient]:
    """An engine that answers at once, in capitals."""
    async with infer(engines=["tests.language.failing:engine"]) as inference:
        yield inference


@pytest.mark.parametrize(
    ("sentences", "asked"),
    [
        (0, []),
        (1, [(ServiceClass.INTERACTIVE, 1)]),
        (INTERACTIVE_SENTENCES_MAX, [(ServiceClass.INTERACTIVE, INTERACTIVE_SENTENCES_MAX)]),
        (
            INTERACTIVE_SENTENCES_MAX + 1,
            [(ServiceClass.BULK, INTERACTIVE_SENTENCES_MAX + 1)],
        ),
        (4_500, [(ServiceClass.BULK, 2_000), (ServiceClass.BULK, 2_000), (ServiceClass.BULK, 500)]),
    ],
)
async def test_few_sentences_are_urgent_and_many_are_asked_for_in_portions(
    capitals: InferenceClient, sentences: int, asked: list[tuple[ServiceClass, int]]
) -> None:
    overheard = Overheard(capitals)
    text = "\n".join(f"Line {number}" for number in range(sentences))
    result = await translated(overheard, text, source="en", target="de")
    assert overheard.asked == asked
    assert result.texts[0].text == text.upper()


async def test_a_sentence_that_no_engine_can_bear_costs_the_others_nothing(
    capitals: InferenceClient,
) -> None:
    result = await translated(
        capitals,
        "All is well. There is poison here. We are fine.",
        "Keep silence, please.\nA flood of words.\nThe end.",
        source="en",
        target="de",
    )
    first, second = result.texts
    assert first.text == "ALL IS WELL. There is poison here. WE ARE FINE."
    assert first.untranslated == 1
    assert second.text == "Keep silence, please.\nA flood of words.\nTHE END."
    assert second.untranslated == 2


async def test_what_is_no_translation_is_asked_for_again_and_told_if_nothing_helps(
    capitals: InferenceClient,
) -> None:
    result = await translated(
        capitals,
        "All is well. There is an echo in here. We are fine.",
        "There is a stutter here, and 25 more.",
        source="en",
        target="de",
        is_checked=True,
    )
    first, second = result.texts
    assert first.text == "ALL IS WELL. THERE IS AN ECHO IN HERE. WE ARE FINE."
    assert first.issues == ()
    assert second.text == "THERE IS A STUTTER HERE, AND 25 MORE."
    result = await translated(
        capitals, "All is well. Some 25 stutter here.", source="en", target="de", is_checked=True
    )
    [text] = result.texts
    assert text.text == "ALL IS WELL. WELL."
    [issue] = text.issues
    assert issue.sub_type == "Omission"
    [span] = issue.source_spans
    assert "All is well. Some 25 stutter here."[span.start : span.end] == "25"


async def test_two_languages_in_one_request_are_both_translated(
    inference: InferenceClient,
) -> None:
    result = await translated(inference, "The house is old.", "Bom dia", target="pt")
    assert [text.models for text in result.texts] == [("en-pt",), ()]
    result = await translated(inference, "The house is old.", "Bom dia", target="en")
    assert [text.models for text in result.texts] == [(), ("pt-en",)]
    assert result.texts[1].text == "Good morning"


async def test_the_first_failure_of_several_ways_is_raised_as_itself(
    inference: InferenceClient,
) -> None:
    with pytest.raises(language.UnsupportedPair):
        await translated(inference, "Hello", source="en", target="de")
    with pytest.raises(language.UnsupportedSource) as refusal:
        await translated(
            inference, "Hello", "Ich möchte heute Abend einen Tisch bestellen.", target="pt"
        )
    assert refusal.value.facts == {"language": "de", "text": 1}
