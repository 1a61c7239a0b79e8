"""The compiled engine behind the interface that workers use."""

import pytest

from hanse.inference.engines.firefox.engine import engine
from hanse.inference.job import ModelInfo, ModelSpec
from hanse.inference.messages import ItemError
from tests.inference.firefox.conftest import needs_library, student_folder


def spec(directory: str | None) -> ModelSpec:
    info = ModelInfo("en-pt", "translate", "en", "pt", engine.name, "0")
    return ModelSpec(info, engine.traits, directory)


@needs_library
def test_a_sentence_too_long_fails_alone():
    model = engine.load(spec(str(student_folder("enpt"))))
    answers = model.run(["Hello world.", "word " * 300, "Yes.", "word " * 400])
    assert answers[0] == "Olá, mundo."
    assert isinstance(answers[1], ItemError)
    assert "301 pieces" in answers[1].detail
    assert answers[2] == model.run(["Yes."])[0]
    assert isinstance(answers[3], ItemError)


def test_a_model_without_files_is_refused():
    with pytest.raises(ValueError, match="no files"):
        engine.load(spec(None))
