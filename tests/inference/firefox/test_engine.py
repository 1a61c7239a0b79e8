"""Translation by the compiled engine, against the NumPy reference and `fxtranslate`."""

import gc
import math
import threading
from collections.abc import Callable
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import fxtranslate
import numpy as np
import pytest

from hanse.inference.engines.firefox import available
from hanse.inference.engines.firefox.model import FirefoxModel, instruction_sets
from hanse.inference.engines.firefox.model_file import read_model, read_shortlist
from hanse.inference.engines.firefox.student import (
    SOURCE_TOKENS_MAX,
    SentenceTooLong,
    position_table,
)
from hanse.inference.engines.firefox.tokeniser import Tokeniser
from tests.inference.firefox.conftest import needs_library, student_folder
from tests.inference.firefox.reference import EngineFloats, PlainFloats, Reference
from tests.inference.firefox.sentences import ENGLISH, PORTUGUESE

pytestmark = needs_library

SENTENCES = {"enpt": ENGLISH, "pten": PORTUGUESE}
SETS = instruction_sets() if available() else []
Loader = Callable[..., FirefoxModel]
Answers = list[tuple[list[int], list[float], np.ndarray]]


def sources(folder: Path, sentences: list[str]) -> list[list[int]]:
    """The sentences as pieces, each with its end."""
    file = read_model(next(folder.glob("model.*.bin")))
    tokeniser = Tokeniser(next(folder.glob("vocab.*.spm")), file.architecture.vocabulary)
    return [[*tokeniser.encode(sentence), 0] for sentence in sentences]


def reference(folder: Path, floats: type) -> Reference:
    file = read_model(next(folder.glob("model.*.bin")))
    shortlist = read_shortlist(next(folder.glob("lex.*.bin")), file.architecture.vocabulary)
    positions = position_table(SOURCE_TOKENS_MAX, file.architecture.dim)
    return Reference(file, shortlist, positions, floats)


@pytest.fixture(scope="module")
def expected() -> Callable[[str], tuple[list[list[int]], Answers]]:
    """What the reference makes of the test sentences of a pair, worked out once."""
    known: dict[str, tuple[list[list[int]], Answers]] = {}

    def work_out(pair: str) -> tuple[list[list[int]], Answers]:
        if pair not in known:
            folder = student_folder(pair)
            ids = sources(folder, SENTENCES[pair])
            oracle = reference(folder, EngineFloats)
            known[pair] = ids, [oracle.translate(row) for row in ids]
        return known[pair]

    return work_out


@pytest.mark.parametrize("instruction_set", SETS)
@pytest.mark.parametrize("pair", ["enpt", "pten"])
def test_every_instruction_set_gives_exactly_what_the_reference_gives(
    load_student: Loader, expected, pair: str, instruction_set: str
):
    ids, answers = expected(pair)
    targets, scores, alignments = load_student(pair, instruction_set).translate_ids(
        ids, with_scores=True
    )
    assert targets == [pieces for pieces, _, _ in answers]
    for got, (_, wanted, _) in zip(scores, answers, strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-6)
    for got, (_, _, wanted) in zip(alignments, answers, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_the_order_of_rounding_is_a_faithful_one(expected):
    folder = student_folder("enpt")
    ids, answers = expected("enpt")
    plain = reference(folder, PlainFloats)
    for row in ids[:3]:
        engine_like = reference(folder, EngineFloats).encode(row)
        exact = plain.encode(row)
        # One step of int8 rounding that falls the other way moves a value by about 1 %.
        assert np.corrcoef(engine_like.ravel(), exact.ravel())[0, 1] > 0.999
    alike = [
        SequenceMatcher(None, plain.translate(row)[0], pieces, autojunk=False).ratio()
        for row, (pieces, _, _) in zip(ids, answers, strict=True)
    ]
    assert sum(alike) / len(alike) > 0.9


@pytest.mark.parametrize("batch", [1, 2, 7, 24])
def test_a_sentence_is_translated_alike_in_every_batch(load_student: Loader, batch: int):
    model = load_student()
    whole = [translation.text for translation in model.translate(ENGLISH * 3)]
    assert whole[: len(ENGLISH)] * 3 == whole
    parts = [
        translation.text
        for start in range(0, len(ENGLISH), batch)
        for translation in model.translate(ENGLISH[start : start + batch])
    ]
    assert parts == whole[: len(ENGLISH)]


def test_many_threads_share_a_model_and_agree(load_student: Loader):
    model = load_student()
    wanted = model.translate(ENGLISH)
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(5):
            cut = number + 1
            if model.translate(ENGLISH[cut:] + ENGLISH[:cut]) != wanted[cut:] + wanted[:cut]:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_it_says_what_fxtranslate_says_but_for_rounding(load_student: Loader):
    folder = student_folder("enpt")
    model, vocabulary, shortlist = (
        next(folder.glob(pattern)).read_bytes() for pattern in ("model.*", "vocab.*", "lex.*")
    )
    peer = fxtranslate.Translator(model, vocabulary, vocabulary, shortlist)
    ours = [translation.text for translation in load_student().translate(ENGLISH)]
    alike = [
        SequenceMatcher(None, peer.translate(text), mine, autojunk=False).ratio()
        for text, mine in zip(ENGLISH, ours, strict=True)
    ]
    assert sum(alike) / len(alike) > 0.93
    assert sum(ratio == 1 for ratio in alike) >= len(alike) / 2


def test_a_translation_that_is_given_is_scored_as_the_reference_scores_it(load_student: Loader):
    folder = student_folder("enpt")
    ids = sources(folder, ENGLISH[3:8])
    # Of another sentence, of another length, and with pieces that no shortlist would give.
    forced = [*sources(student_folder("pten"), PORTUGUESE[3:7]), [31_990, 31_991, 5, 0]]
    oracle = reference(folder, EngineFloats)
    scores, tops, alignments = load_student().score_ids(ids, forced)
    for row, given, got, top, block in zip(ids, forced, scores, tops, alignments, strict=True):
        _, wanted, rows = oracle.translate(row, given)
        np.testing.assert_allclose(got, wanted, atol=1e-4)
        np.testing.assert_array_equal(block, rows)
        assert np.all(top >= got)
    alone = load_student().score_ids(ids[1:2], forced[1:2])
    np.testing.assert_array_equal(alone[0][0], scores[1])


def test_the_own_translation_is_scored_as_when_it_was_made(load_student: Loader):
    model = load_student()
    ids = sources(student_folder("enpt"), ENGLISH)
    targets, scores, alignments = model.translate_ids(ids, with_scores=True)
    again = model.score_ids(ids, [[*target, 0] for target in targets])
    for made, given, top, block, rows in zip(scores, *again, alignments, strict=True):
        np.testing.assert_array_equal(given[:-1], made)
        np.testing.assert_array_equal(top[:-1], made)
        np.testing.assert_array_equal(block[:-1], rows)
    with pytest.raises(ValueError, match="pieces"):
        model.score_ids([[5, 0]], [[40_000, 0]])
    with pytest.raises(ValueError, match="pieces"):
        model.score_ids([[5, 0]], [[]])


def test_scores_and_alignment_fit_the_text(load_student: Loader):
    text = "The committee will meet on Thursday."
    plain, detailed = (
        load_student().translate([text], with_scores=wanted)[0] for wanted in (False, True)
    )
    assert plain.details is None
    assert plain.text == detailed.text
    details = detailed.details
    assert details is not None
    assert np.all(details.scores <= 0)
    assert np.all(details.scores > math.log(1 / 32_000))
    assert details.alignment.shape == (len(details.target_spans), len(details.source_spans) + 1)
    np.testing.assert_allclose(details.alignment.sum(1), 1, atol=1e-5)
    for spans, whole in ((details.source_spans, text), (details.target_spans, detailed.text)):
        assert spans[0][0] == 0
        assert spans[-1][1] == len(whole)
        assert all(end == start for (_, end), (start, _) in pairwise(spans))
    source = [text[start:end].strip() for start, end in details.source_spans]
    target = [detailed.text[start:end].strip() for start, end in details.target_spans]
    looked_at = source[int(details.alignment[target.index("quinta")].argmax())]
    assert looked_at == "Thursday"


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b"])
def test_nothing_translates_to_nothing(load_student: Loader, text: str):
    assert [translation.text for translation in load_student().translate([text])] == [""]


def test_no_sentences_are_no_translations(load_student: Loader):
    assert load_student().translate([]) == []
    assert load_student().translate([], with_scores=True) == []


def test_half_a_surrogate_pair_is_not_an_error(load_student: Loader):
    assert load_student().translate(["Hello \ud83d world."])[0].text


def test_a_sentence_too_long_is_named_before_anything_is_done(load_student: Loader):
    with pytest.raises(SentenceTooLong) as caught:
        load_student().translate(["Hello.", "word " * SOURCE_TOKENS_MAX])
    assert caught.value.index == 1
    assert caught.value.tokens > SOURCE_TOKENS_MAX


def test_the_longest_sentences_end_within_the_cap(load_student: Loader):
    model = load_student()
    most = [[9] * (SOURCE_TOKENS_MAX - 1) + [0]] * 3
    assert all(len(target) <= 256 for target in model.translate_ids(most)[0])


def test_pieces_the_model_does_not_have_are_refused(load_student: Loader):
    for wrong in ([32_000, 0], [-1, 0], []):
        with pytest.raises(ValueError, match="pieces"):
            load_student().translate_ids([[5, 0], wrong])


def test_a_closed_model_refuses_and_gives_its_memory_back():
    folder = student_folder("enpt")
    resident: list[int] = []
    for _ in range(8):
        model = FirefoxModel.load(folder)
        model.translate(ENGLISH[:4])
        model.close()
        model.close()
        with pytest.raises(ValueError, match="closed"):
            model.translate(["Hello."])
        del model
        gc.collect()
        status = Path("/proc/self/status").read_text()
        resident.append(int(status.partition("VmRSS:")[2].split()[0]))
    assert resident[-1] - resident[2] < 8_000  # kB; a model is about 10 MB of its own


def test_an_unknown_instruction_set_is_refused():
    with pytest.raises(ValueError, match="z80"):
        FirefoxModel.load(student_folder("enpt"), instruction_set="z80")
