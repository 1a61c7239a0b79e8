"""Fetching models, with and without a network."""

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from hanse.inference import FetchFailed, NoSuchPair, add_model
from hanse.inference.models import bundled_directory, scan


def bundled(name: str) -> Path:
    """The folder of a bundled model."""
    directory = bundled_directory()
    assert directory is not None
    return next(found.directory for found in scan(directory).found if found.name == name)


def no_records(source: str, target: str, folder: Path) -> None:
    raise ValueError(f"no model or pivot route for {source}-{target} in Remote Settings")


@pytest.fixture
def mozilla_without_models(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stand-in for Mozilla's list of models, which is empty."""

    class Records(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"data": []}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Records)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("FXTRANSLATE_RECORDS_URL", f"http://127.0.0.1:{server.server_port}/records")
    yield
    server.shutdown()
    server.server_close()


def test_without_a_network_it_says_so_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FXTRANSLATE_RECORDS_URL", "http://127.0.0.1:9/records")
    with pytest.raises(FetchFailed, match="network"):
        add_model("en-de", tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_pair_that_mozilla_does_not_have_is_another_error(
    tmp_path: Path, mozilla_without_models: None
) -> None:
    with pytest.raises(NoSuchPair, match="en-xx"):
        add_model("en-xx", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pair", ["", "en", "-de", "en-"])
def test_what_is_no_pair_is_refused_before_anything_is_asked(pair: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no pair"):
        add_model(pair, tmp_path, loader=no_records)


def test_what_arrives_appears_whole_and_is_listed(tmp_path: Path) -> None:
    arrived: list[int] = []

    def loader(source: str, target: str, folder: Path) -> None:
        assert scan(tmp_path).found == []
        shutil.copytree(bundled("en-pt"), folder / f"{source}-{target}")

    assert add_model("en-pt", tmp_path, progress=arrived.append, loader=loader) == ["en-pt"]
    assert [found.name for found in scan(tmp_path).found] == ["en-pt"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["en-pt"]
    assert arrived[-1] > 20_000_000


def test_both_models_of_a_way_through_english_are_kept(tmp_path: Path) -> None:
    def loader(source: str, target: str, folder: Path) -> None:
        shutil.copytree(bundled("pt-en"), folder / "cache" / "pt-en")
        shutil.copytree(bundled("en-pt"), folder / "cache" / "en-de")

    assert add_model("pt-de", tmp_path, loader=loader) == ["en-de", "pt-en"]


def test_a_model_that_is_fetched_again_replaces_the_old_one(tmp_path: Path) -> None:
    def loader(source: str, target: str, folder: Path) -> None:
        shutil.copytree(bundled("en-pt"), folder / "en-pt")

    (tmp_path / "en-pt").mkdir()
    (tmp_path / "en-pt" / "stale").touch()
    assert add_model("en-pt", tmp_path, loader=loader) == ["en-pt"]
    assert not (tmp_path / "en-pt" / "stale").exists()


def test_what_arrives_damaged_is_not_kept(tmp_path: Path) -> None:
    def loader(source: str, target: str, folder: Path) -> None:
        (folder / "en-de").mkdir()
        (folder / "en-de" / "model.ende.bin").write_bytes(b"<html>")

    with pytest.raises(FetchFailed):
        add_model("en-de", tmp_path, loader=loader)
    assert list(tmp_path.iterdir()) == []
