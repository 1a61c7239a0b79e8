"""The students on ONNX Runtime: against the compiled engine, `fxtranslate` and themselves."""

from difflib import SequenceMatcher

import fxtranslate
import numpy as np
import pytest

from benchmarks.engine import chrf
from benchmarks.sentences import SENTENCES
from hanse.inference.choice import engine_chooser
from hanse.inference.engines import find_engine
from hanse.inference.engines.firefox.portable.model import BUCKETS, PortableModel
from hanse.inference.engines.firefox.student import SOURCE_TOKENS_MAX
from hanse.inference.job import ModelInfo, ModelSpec
from hanse.inference.models import FirefoxFiles
from tests.inference.firefox.conftest import needs_library, student_folder
from tests.inference.firefox.sentences import ENGLISH


@pytest.fixture(scope="module")
def portable() -> PortableModel:
    return PortableModel(student_folder("enpt"))


@pytest.mark.parametrize("batch", [1, 7, 24])
def test_a_sentence_is_translated_alike_in_every_batch_and_run(portable: PortableModel, batch: int):
    whole = [translation.text for translation in portable.translate(ENGLISH * 2)]
    assert whole[: len(ENGLISH)] * 2 == whole
    parts = [
        translation.text
        for start in range(0, len(ENGLISH), batch)
        for translation in portable.translate(ENGLISH[start : start + batch])
    ]
    assert parts == whole[: len(ENGLISH)]


def test_it_says_what_fxtranslate_says_but_for_rounding(portable: PortableModel):
    folder = student_folder("enpt")
    model, vocabulary, shortlist = (
        next(folder.glob(pattern)).read_bytes() for pattern in ("model.*", "vocab.*", "lex.*")
    )
    peer = fxtranslate.Translator(model, vocabulary, vocabulary, shortlist)
    # A made-up word comes out differently in every engine; the benchmark checks all sentences.
    plain = [text for text in ENGLISH if text.isascii() and "flimmer" not in text]
    theirs = [peer.translate(text) for text in plain]
    ours = [translation.text for translation in portable.translate(plain)]
    assert chrf(ours, theirs) >= 94


@needs_library
def test_it_says_what_the_compiled_engine_says_but_for_rounding(load_student, portable):
    texts = SENTENCES[::8]
    compiled = load_student().translate(texts, with_scores=True)
    mine = portable.translate(texts, with_scores=True)
    assert chrf([each.text for each in mine], [each.text for each in compiled]) >= 97
    same = [(a, b) for a, b in zip(mine, compiled, strict=True) if a.text == b.text]
    assert len(same) >= 0.75 * len(texts)
    for ours, theirs in same:
        np.testing.assert_allclose(ours.details.scores, theirs.details.scores, atol=0.35)
        np.testing.assert_allclose(ours.details.alignment.sum(1), 1, atol=1e-5)
        assert ours.details.target_spans == theirs.details.target_spans
        alike = SequenceMatcher(
            None,
            ours.details.alignment.argmax(1).tolist(),
            theirs.details.alignment.argmax(1).tolist(),
        )
        assert alike.ratio() > 0.8


def test_a_translation_that_is_given_is_scored(portable: PortableModel):
    made = portable.translate(ENGLISH[:12], with_scores=True)
    rated = portable.rate([(a, b.text) for a, b in zip(ENGLISH[:12], made, strict=True)])
    for mine, given in zip(made, rated, strict=True):
        if given.details.target_spans == mine.details.target_spans:
            np.testing.assert_allclose(given.details.scores[:-1], mine.details.scores, atol=1e-5)
    (wrong,) = portable.rate([("The house is blue.", "A casa é cadeira.")])
    assert wrong.details.scores[3:5].min() < -6 < wrong.details.scores[:3].min()
    assert all(wrong.known)


def test_lengths_at_the_edges_of_buckets_are_taken(portable: PortableModel):
    lengths = [1, BUCKETS[0], BUCKETS[0] + 1, SOURCE_TOKENS_MAX]
    answers, _, _ = portable.translate_ids([[9] * (length - 1) + [0] for length in lengths])
    assert [len(answer) <= 256 for answer in answers] == [True] * 4
    for wrong in ([32_000, 0], [-1, 0], [], [9] * SOURCE_TOKENS_MAX + [0]):
        with pytest.raises(ValueError, match="pieces"):
            portable.translate_ids([[5, 0], wrong])
    assert portable.translate([]) == []


def test_it_is_chosen_where_nothing_was_compiled():
    files = FirefoxFiles.find(student_folder("enpt"))
    assert engine_chooser("auto", is_compiled=lambda: False)(files).name == "firefox-onnx"
    assert engine_chooser("auto", is_compiled=lambda: True)(files).name == "firefox"
    two = FirefoxFiles(files.model, files.source_vocabulary, files.model, files.shortlist)
    assert engine_chooser("auto", is_compiled=lambda: False)(two).name == "fxtranslate"


def test_workers_run_it():
    engine = find_engine("firefox-onnx")
    info = ModelInfo("en-pt", "translate", "en", "pt", engine.name, "0")
    model = engine.load(ModelSpec(info, engine.traits, str(student_folder("enpt"))))
    assert model.run(["Good morning!", "Yes."]) == ["Bom dia!", "Sim."]
