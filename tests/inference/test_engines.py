"""The engines, each through the one interface."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.inference.engines import UnknownEngine, find_engine, own_model
from hanse.inference.engines.pseudo import pseudo_localise
from hanse.inference.job import ModelInfo, ModelSpec
from tests.inference.test_fetch import bundled


def spec(name: str, directory: str | None = None, engine: str = "fxtranslate") -> ModelSpec:
    """A model to load."""
    source, _, target = name.partition("-")
    info = ModelInfo(name, "translate", source, target, engine, "hash")
    return ModelSpec(info=info, traits=find_engine(engine).traits, directory=directory)


def test_the_neural_engine_translates_and_gives_the_same_in_any_batch() -> None:
    model = find_engine("fxtranslate").load(spec("en-pt", str(bundled("en-pt"))))
    sentences = ["The house is blue.", "Good morning!", "We leave tomorrow."]
    together = model.run(sentences)
    assert together[:2] == ["A casa é azul.", "Bom dia!"]
    assert [model.run([sentence])[0] for sentence in reversed(sentences)] == together[::-1]


@pytest.mark.parametrize("text", ["", " ", "\0", "\u200b", "🙂", "a" * 1_000])
def test_the_neural_engine_survives_any_text(text: str) -> None:
    model = find_engine("fxtranslate").load(spec("en-pt", str(bundled("en-pt"))))
    assert isinstance(model.run([text])[0], str)


def test_a_model_without_files_does_not_load() -> None:
    with pytest.raises(ValueError, match="files"):
        find_engine("fxtranslate").load(spec("en-pt"))


@pytest.mark.parametrize("name", ["none", "hanse.inference.engines.pseudo:none", "", ":", "os:"])
def test_an_engine_that_is_not_there_is_a_clear_error(name: str) -> None:
    with pytest.raises(UnknownEngine):
        find_engine(name)


def test_an_engine_without_files_is_a_model_of_its_own() -> None:
    model = own_model("pseudo")
    assert model.info.name == "pseudo"
    assert (model.info.source, model.info.target) == (None, None)
    assert find_engine("pseudo").load(model).run(["Hello"]) == ["[Ĥéļļö]"]


def test_pseudo_localisation_shows_accents_growth_and_brackets() -> None:
    assert pseudo_localise("Save your changes") == "[Šåṽé ýöûŕ çĥåñĝéš ~~]"


@pytest.mark.parametrize(
    "kept",
    [
        "{name}",
        "{0}",
        "%s",
        "%(count)d",
        "%1$s",
        "%.2f",
        "$name",
        "<b>",
        "</a>",
        '<a href="x">',
        "&amp;",
        "&#39;",
        "https://example.org/path?a=b",
        "ada@example.org",
        "2026",
    ],
)
def test_pseudo_localisation_keeps_what_programs_read(kept: str) -> None:
    assert kept in pseudo_localise(f"Dear {kept} thanks")


@given(st.text(max_size=300))
def test_pseudo_localisation_keeps_white_space_around_and_is_deterministic(text: str) -> None:
    result = pseudo_localise(text)
    assert result == pseudo_localise(text)
    core = text.strip()
    start = text.index(core) if core else len(text)
    assert result.startswith(text[:start])
    assert result.endswith(text[start + len(core) :])
    if not core:
        assert result == text
        return
    assert "\n" * core.count("\n") == "".join(re.findall("\n", result.strip()))
    assert len(core) + 2 <= len(result.strip()) <= max(len(core) * 1.3 + 1, len(core) + 2)


@given(st.text(alphabet="abcdefgh XYZ", min_size=20, max_size=300))
def test_pseudo_localisation_lengthens_by_thirty_percent(text: str) -> None:
    core = text.strip()
    grown = len(pseudo_localise(core)) / max(1, len(core))
    assert len(core) < 20 or 1.25 < grown < 1.35
