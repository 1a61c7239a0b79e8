"""Which models are found on disk."""

import os
import shutil
from pathlib import Path

import pytest

from hanse.inference import installed_models
from hanse.inference.choice import engine_chooser
from hanse.inference.engines.firefox import available
from hanse.inference.models import Catalogue, DamagedModel, FirefoxFiles, scan, split_pair
from tests.inference.test_fetch import bundled


def put(directory: Path, name: str, model: str = "en-pt") -> Path:
    """Copy a bundled model there under another name."""
    return Path(shutil.copytree(bundled(model), directory / name))


def catalogue(*directories: Path) -> Catalogue:
    return Catalogue(directories, engine_chooser("fxtranslate"))


def test_the_bundled_models_are_found_without_a_directory_of_ones_own(tmp_path: Path) -> None:
    found = installed_models(tmp_path / "absent")
    models = [model for model in found if model.task == "translate"]
    assert [(model.name, model.source, model.target) for model in models] == [
        ("en-pt", "en", "pt"),
        ("pt-en", "pt", "en"),
    ]
    assert {model.engine for model in models} == {"firefox" if available() else "fxtranslate"}
    assert len({model.hash for model in models}) == 2


def test_a_model_of_ones_own_wins_over_the_bundled_one(tmp_path: Path) -> None:
    own = put(tmp_path, "en-pt", model="pt-en")
    theirs = bundled("en-pt").parent
    read = {spec.info.name: spec for spec in catalogue(tmp_path, theirs).read()}
    assert read["en-pt"].directory == str(own)
    assert set(read) == {"en-pt", "pt-en"}


def test_models_with_separate_vocabularies_are_found(tmp_path: Path) -> None:
    folder = put(tmp_path, "en-ja")
    (folder / "vocab.enpt.spm").rename(folder / "srcvocab.enja.spm")
    shutil.copy(folder / "srcvocab.enja.spm", folder / "trgvocab.enja.spm")
    files = FirefoxFiles.find(folder)
    assert files.source_vocabulary.name == "srcvocab.enja.spm"
    assert files.target_vocabulary.name == "trgvocab.enja.spm"
    assert len(files.all()) == 4


def test_a_shortlist_may_be_missing(tmp_path: Path) -> None:
    folder = put(tmp_path, "en-pt")
    (folder / "lex.50.50.enpt.s2t.bin").unlink()
    assert FirefoxFiles.find(folder).shortlist is None


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda folder: (folder / "model.enpt.intgemm.alphas.bin").unlink(), "model"),
        (lambda folder: (folder / "vocab.enpt.spm").unlink(), "vocab"),
        (lambda folder: (folder / "vocab.enpt.spm").write_bytes(b""), "vocab"),
        (lambda folder: (folder / "model.enpt.intgemm.alphas.bin").write_bytes(b"x" * 9999), "mod"),
        (lambda folder: (folder / "lex.50.50.enpt.s2t.bin").write_bytes(b"\0" * 9999), "lex"),
        (lambda folder: folder.rename(folder.with_name("portuguese")), None),
    ],
)
def test_an_incomplete_or_damaged_folder_is_skipped_with_a_reason(
    tmp_path: Path, damage: object, reason: str | None
) -> None:
    put(tmp_path, "pt-en", model="pt-en")
    damage(put(tmp_path, "en-pt"))  # type: ignore[operator]
    seen = scan(tmp_path)
    if reason is None:  # its files still say what it is
        assert [found.name for found in seen.found] == ["en-pt", "pt-en"]
        return
    assert [found.name for found in seen.found] == ["pt-en"]
    assert reason in next(iter(seen.skipped.values()))


def test_a_folder_whose_pair_nobody_can_tell_is_skipped(tmp_path: Path) -> None:
    folder = put(tmp_path, "whatever")
    (folder / "model.enpt.intgemm.alphas.bin").rename(folder / "model.bin.bin")
    assert scan(tmp_path).found == []
    assert "en-de" in scan(tmp_path).skipped[folder]


def test_folders_in_the_making_and_stray_files_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, ".incoming-1")
    (tmp_path / "README").touch()
    assert scan(tmp_path).found == []
    assert scan(tmp_path).skipped == {}


def test_the_hash_changes_with_any_file_and_with_nothing_else(tmp_path: Path) -> None:
    folder = put(tmp_path, "en-pt")
    models = catalogue(tmp_path)
    first = models.read()[0].info.hash
    assert catalogue(tmp_path).read()[0].info.hash == first
    os.utime(folder / "vocab.enpt.spm", (1, 1))
    assert models.read()[0].info.hash == first
    with (folder / "vocab.enpt.spm").open("ab") as file:
        file.write(b"x")
    assert models.read()[0].info.hash != first


def test_a_model_that_is_added_or_removed_is_seen_the_next_time(tmp_path: Path) -> None:
    models = catalogue(tmp_path)
    assert models.read() == []
    folder = put(tmp_path, "en-pt")
    assert [spec.info.name for spec in models.read()] == ["en-pt"]
    shutil.rmtree(folder)
    assert models.read() == []


@pytest.mark.parametrize(
    ("name", "pair"),
    [
        ("en-de", ("en", "de")),
        ("zh-Hant-en", ("zh-Hant", "en")),
        ("en-zh-Hant", ("en", "zh-Hant")),
        ("pt-es", ("pt", "es")),
    ],
)
def test_a_name_is_split_where_the_languages_meet(name: str, pair: tuple[str, str]) -> None:
    assert split_pair(name) == pair


def test_a_folder_that_is_no_model_at_all_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DamagedModel):
        FirefoxFiles.find(tmp_path)
