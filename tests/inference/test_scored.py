"""Translations with probabilities, through the scheduler and real workers."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from hanse.inference import ItemFailed, Output, ServiceClass, decode_scored, rated_item
from tests.inference.firefox.conftest import needs_library
from tests.inference.fleet import Fleet, running_fleet

pytestmark = needs_library


@pytest.fixture(scope="module")
async def fleet() -> AsyncIterator[Fleet]:
    async with running_fleet(workers=1) as fleet:
        yield fleet


async def compute(fleet: Fleet, *items: str, output: Output, model: str = "en-pt") -> list[Any]:
    return await fleet.client.compute(
        organisation_id=UUID(int=1),
        model=model,
        items=items,
        service_class=ServiceClass.INTERACTIVE,
        deadline_s=10.0,
        output=output,
    )


async def test_a_translation_comes_with_the_probability_and_source_of_each_token(
    fleet: Fleet,
) -> None:
    text = "The committee will meet on Thursday."
    (plain,) = await compute(fleet, text, output=Output.TEXT)
    (result,) = await compute(fleet, text, output=Output.SCORED)
    scored = decode_scored(result)
    assert scored.text == plain
    assert "".join(plain[token.start : token.end] for token in scored.tokens) == plain
    assert all(token.score == token.best <= 0 for token in scored.tokens)
    (thursday,) = [t for t in scored.tokens if plain[t.start : t.end].strip() == "quinta"]
    assert text[thursday.source_start : thursday.source_end].strip() == "Thursday"
    assert await compute(fleet, text, output=Output.TEXT) == [plain], "each output has its cache"


async def test_a_translation_that_is_given_is_rated(fleet: Fleet) -> None:
    items = [
        rated_item("The house is blue.", text) for text in ("A casa é azul.", "A casa é mesa.")
    ]
    right, wrong = map(decode_scored, await compute(fleet, *items, output=Output.RATED))
    assert max(token.best - token.score for token in right.tokens) < 2
    gaps = {wrong.text[t.start : t.end].strip(): t.best - t.score for t in wrong.tokens}
    assert max(gaps, key=gaps.__getitem__) == "mesa"
    assert gaps["mesa"] > 8


async def test_what_cannot_be_rated_fails_alone(fleet: Fleet) -> None:
    good = rated_item("Good morning!", "Bom dia!")
    outcomes = await compute(fleet, good, "no pair", output=Output.RATED)
    assert decode_scored(outcomes[0]).text == "Bom dia!"
    assert isinstance(outcomes[1], ItemFailed)
    (refused,) = await compute(fleet, "Hello", output=Output.SCORED, model="pseudo")
    assert isinstance(refused, ItemFailed)
    assert "no probabilities" in refused.detail
