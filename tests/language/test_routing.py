import pytest

from hanse.inference import ModelInfo
from hanse.language.languages import NAMES
from hanse.language.routing import UnsupportedPair, is_pseudo, real_sources, route, sources, targets

PSEUDO = ModelInfo("pseudo", "translate", None, None, "pseudo", "1")


def models(*pairs: str) -> list[ModelInfo]:
    return [
        ModelInfo(pair, "translate", *pair.split("-", 1), engine="fxtranslate", hash="1")
        for pair in pairs
    ]


@pytest.mark.parametrize(
    ("installed", "source", "target", "expected"),
    [
        (["en-pt", "pt-en"], "en", "pt-BR", ["en-pt"]),
        (["en-pt", "pt-en"], "pt", "en", ["pt-en"]),
        (["fr-en", "en-pt"], "fr", "pt-PT", ["fr-en", "en-pt"]),
        (["fr-en", "en-pt", "fr-pt"], "fr", "pt", ["fr-pt"]),
        (["en-pt", "en-pt-BR"], "en", "pt-BR", ["en-pt-BR"]),
        (["en-zh"], "en", "zh-Hans", ["en-zh"]),
        (["en-no"], "en", "nb", ["en-no"]),
    ],
)
def test_a_direct_model_is_taken_before_a_way_through_english(
    installed: list[str], source: str, target: str, expected: list[str]
) -> None:
    assert route(models(*installed), source, target) == expected


def test_a_real_model_wins_over_the_pseudo_engine_which_covers_the_rest() -> None:
    installed = [PSEUDO, *models("en-pt")]
    assert route(installed, "en", "pt") == ["en-pt"]
    assert route(installed, "en", "ja") == ["pseudo"]
    assert is_pseudo(["pseudo"])
    assert not is_pseudo(["en-pt"])
    assert sources(installed) == frozenset(NAMES)
    assert real_sources(installed) == {"en"}


@pytest.mark.parametrize(
    ("source", "target", "unknown"),
    [
        ("fr", "pt", "source"),
        ("en", "de", "target"),
        ("pt", "pl", "pair"),
        ("en", "zh-Hant", "target"),
    ],
)
def test_a_pair_without_a_way_is_refused_saying_what_is_missing(
    source: str, target: str, unknown: str
) -> None:
    installed = [*models("en-pt", "en-zh", "cs-pl"), *models("pt-cs")]
    with pytest.raises(UnsupportedPair) as refusal:
        route(installed, source, target)
    assert refusal.value.facts["unknown"] == unknown


def test_what_can_be_asked_for_is_what_the_models_offer() -> None:
    installed = models("en-pt", "pt-en", "fr-en")
    assert sources(installed) == {"en", "pt", "fr"}
    assert targets(installed) == {"en", "pt"}
    assert sources([]) == targets([]) == frozenset()


@pytest.mark.parametrize(
    ("source", "target", "pair", "names"),
    [
        ("en", "de", "EN to DE", "en-de"),
        ("de", "pt-PT", "DE to PT-PT", "de-en"),
        ("fr", "de", "FR to DE", "fr-en en-de"),
        ("en", "zh-Hant", "EN to ZH-HANT", "en-zh-Hant"),
    ],
)
def test_a_refusal_says_which_models_are_missing(
    source: str, target: str, pair: str, names: str
) -> None:
    with pytest.raises(UnsupportedPair) as refusal:
        route(models("en-pt", "pt-en"), source, target)
    assert refusal.value.detail == (
        f"No installed model translates from {pair}, directly or through English. "
        f"An administrator adds models with: hanse models add {names}"
    )
