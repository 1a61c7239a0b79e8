"""The files of a student: what they hold, and that no damage does more than refuse."""

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanse.inference.engines.firefox.model import FirefoxModel
from hanse.inference.engines.firefox.model_file import (
    ModelFileError,
    read_model,
    read_shortlist,
)
from tests.inference.firefox.conftest import needs_library, student_folder
from tests.inference.firefox.student import VOCABULARY

FILES = ["model.tiny.bin", "lex.tiny.bin"]
EXAMPLES = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_a_shipped_student_is_read_without_copying_it():
    file = read_model(next(student_folder("enpt").glob("model.*.bin")))
    assert file.architecture.vocabulary == 32_000
    embedding = file.embedding()
    assert embedding.weights.shape == (32_000, 256)
    assert np.shares_memory(embedding.weights, file.content)
    assert embedding.multiplier == pytest.approx(153.83, abs=0.01)
    assert file.multiplier("encoder_l1_self_Wq") > 0
    assert file.matrix("encoder_l1_ffn_W1", 256, 1536).weights.shape == (1536, 256)


def test_a_shipped_shortlist_points_into_the_vocabulary():
    shortlist = read_shortlist(next(student_folder("pten").glob("lex.*.bin")), 32_000)
    assert shortlist.frequent == 50
    assert len(shortlist.offsets) == 32_001
    with pytest.raises(ModelFileError, match="another vocabulary"):
        read_shortlist(next(student_folder("pten").glob("lex.*.bin")), 1_000)


@pytest.mark.parametrize("missing", ["model.tiny.bin", "lex.tiny.bin", "vocab.tiny.spm"])
@needs_library
def test_a_missing_file_is_named(tiny_student: Path, tmp_path: Path, missing: str):
    folder = shutil.copytree(tiny_student, tmp_path / "student")
    (folder / missing).unlink()
    with pytest.raises(ModelFileError, match=missing.split(".", maxsplit=1)[0]):
        FirefoxModel.load(folder)


@needs_library
def test_an_empty_or_foreign_vocabulary_is_refused(tiny_student: Path, tmp_path: Path):
    folder = shutil.copytree(tiny_student, tmp_path / "student")
    for content in (b"", b"not a model", b"\0" * 1000):
        (folder / "vocab.tiny.spm").write_bytes(content)
        with pytest.raises(ModelFileError, match="vocab"):
            FirefoxModel.load(folder)
    shutil.copy(next(student_folder("enpt").glob("vocab.*")), folder / "vocab.tiny.spm")
    with pytest.raises(ModelFileError, match="32000 pieces"):
        FirefoxModel.load(folder)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b"dec-cell: ssru", b"dec-cell: lstm", "dec-cell"),
        (b"dim-emb: 128", b"dim-emb: 127", "dim-emb"),
        (b"enc-depth: 1", b"enc-depth: 9", "encoder_l2"),
        (b"transformer-heads: 8", b"transformer-heads: 4", "heads"),
    ],
)
@needs_library
def test_another_architecture_is_refused(tiny_student: Path, tmp_path: Path, old, new, complaint):
    folder = shutil.copytree(tiny_student, tmp_path / "student")
    model = folder / "model.tiny.bin"
    model.write_bytes(model.read_bytes().replace(old, new))
    with pytest.raises(ModelFileError, match=complaint):
        FirefoxModel.load(folder)


def load_and_use(folder: Path, name: str, content: bytes) -> None:
    """Either a `ModelFileError`, or a model that still translates to something, and ends."""
    (folder / name).write_bytes(content)
    try:
        model = FirefoxModel.load(folder)
    except ModelFileError:
        return
    model.translate(["Hello world.", "Nobody knows."], with_scores=True)
    model.close()


@pytest.fixture
def copy(tiny_student: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_student, tmp_path / "student")


@needs_library
@pytest.mark.parametrize("name", FILES)
@EXAMPLES
@given(data=st.data())
def test_a_truncated_file_is_refused(tiny_student: Path, copy: Path, name: str, data):
    whole = (tiny_student / name).read_bytes()
    content = whole[: data.draw(st.integers(0, len(whole) - 300))]
    (copy / name).write_bytes(content)
    with pytest.raises(ModelFileError, match="tiny"):
        FirefoxModel.load(copy)


@needs_library
@pytest.mark.parametrize("name", FILES)
@EXAMPLES
@given(data=st.data())
def test_flipped_bits_never_crash(tiny_student: Path, copy: Path, name: str, data):
    content = bytearray((tiny_student / name).read_bytes())
    reach = data.draw(st.sampled_from([64, 4_096, len(content)]))
    for bit in data.draw(st.lists(st.integers(0, 8 * min(reach, len(content)) - 1), max_size=12)):
        content[bit // 8] ^= 1 << bit % 8
    load_and_use(copy, name, bytes(content))


@needs_library
@pytest.mark.parametrize("name", FILES)
@EXAMPLES
@given(data=st.data())
def test_huge_counts_never_crash_nor_allocate(tiny_student: Path, copy: Path, name: str, data):
    content = bytearray((tiny_student / name).read_bytes())
    # The words of the header, and every word where the names and shapes are.
    at = data.draw(st.integers(0, 700)) * 4
    value = data.draw(
        st.sampled_from([0, 1, 2**31 - 1, 2**32 - 1, 2**61, 2**63, 2**64 - 1])
        | st.integers(0, 2**64 - 1)
    )
    content[at : at + 8] = struct.pack("<Q", value)
    load_and_use(copy, name, bytes(content))


@needs_library
@EXAMPLES
@given(values=st.lists(st.floats(width=32), min_size=1, max_size=64), data=st.data())
def test_absurd_numbers_never_crash(tiny_student: Path, copy: Path, values: list[float], data):
    whole = (tiny_student / "model.tiny.bin").read_bytes()
    content = bytearray(whole)
    for value in values:
        at = data.draw(st.integers(1_000, len(whole) // 4 - 1)) * 4
        content[at : at + 4] = struct.pack("<f", value)
    load_and_use(copy, "model.tiny.bin", bytes(content))


@needs_library
@EXAMPLES
@given(bits=st.lists(st.integers(0, 10**6), max_size=12))
def test_a_damaged_vocabulary_never_crashes(tiny_student: Path, copy: Path, bits: list[int]):
    content = bytearray((tiny_student / "vocab.tiny.spm").read_bytes())
    for bit in bits:
        content[bit // 8 % len(content)] ^= 1 << bit % 8
    load_and_use(copy, "vocab.tiny.spm", bytes(content))


def test_the_made_up_shortlist_is_read(tiny_student: Path):
    shortlist = read_shortlist(tiny_student / "lex.tiny.bin", VOCABULARY)
    assert int(shortlist.offsets[-1]) == len(shortlist.ids) == 3 * VOCABULARY


@needs_library
def test_the_made_up_student_is_whole(tiny_student: Path):
    model = FirefoxModel.load(tiny_student)
    assert model.architecture.vocabulary == VOCABULARY
    assert len(model.translate(["Hello world.", "Nobody knows."])) == 2
