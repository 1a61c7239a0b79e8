"""Fetches Firefox models from Mozilla, through the loader of the package `fxtranslate`."""

import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from hanse.inference.models import scan, split_pair
from hanse.platform.problems import BadRequest, Unavailable

POLL_S = 0.2

Loader = Callable[[str, str, Path], None]
"""Puts the models from source to target into a folder; raises ValueError or OSError."""


class FetchFailed(Unavailable):
    """Mozilla's servers cannot be reached, or did not send what was asked for."""

    code = "model_fetch_failed"
    title = "The model cannot be fetched"


class NoSuchPair(BadRequest):
    """Mozilla has no model for this pair, nor a way through English."""

    code = "no_such_pair"
    title = "No model for this pair"


def mozilla(source: str, target: str, folder: Path) -> None:
    """The loader that asks Mozilla's servers."""
    from fxtranslate import discovery

    discovery.add_models(source, target, cache_dir=str(folder), progress=False)


def add_model(
    pair: str,
    directory: Path,
    *,
    progress: Callable[[int], None] | None = None,
    loader: Loader = mozilla,
) -> list[str]:
    """Fetch the models for a pair such as "en-de" into `directory`.

    Where there is no direct model, both models of the way through English are fetched. Each appears
    whole or not at all, and replaces one of its name. `progress` is called with the bytes that have
    arrived. Returns the names of the models. Needs a network.

    Raises NoSuchPair and FetchFailed, and ValueError if `pair` is no pair of languages.
    """
    source, target = split_pair(pair.replace("_", "-"))
    directory.mkdir(parents=True, exist_ok=True)
    incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=directory))
    try:
        _download(source, target, incoming, progress, loader)
        return [_move(folder, directory) for folder in _folders(incoming)]
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _download(
    source: str,
    target: str,
    incoming: Path,
    progress: Callable[[int], None] | None,
    loader: Loader,
) -> None:
    errors: list[Exception] = []

    def fetch() -> None:
        try:
            loader(source, target, incoming)
        except (ValueError, OSError) as error:
            errors.append(error)

    # A thread of its own, so that a person's Ctrl-C is heard while it waits for the network.
    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(POLL_S)
        if progress is not None:
            progress(_size(incoming))
    if errors:
        raise _problem(source, target, str(errors[0])) from errors[0]


def _problem(source: str, target: str, message: str) -> FetchFailed | NoSuchPair:
    if message.startswith("no model or pivot route"):
        return NoSuchPair(f"Mozilla has no model for {source}-{target}.")
    return FetchFailed(
        f"The model {source}-{target} cannot be fetched from Mozilla's servers. Is there a network?"
        f" ({message})",
        retry_after_s=None,
    )


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size if file.is_file() else 0
        except OSError:  # renamed meanwhile
            continue
    return total


def _folders(incoming: Path) -> list[Path]:
    holders = [incoming, *(folder for folder in incoming.rglob("*") if folder.is_dir())]
    found = [model.directory for folder in holders for model in scan(folder).found]
    if not found:
        raise FetchFailed("What arrived holds no usable model.", retry_after_s=None)
    return found


def _move(folder: Path, directory: Path) -> str:
    place = directory / folder.name
    if place.exists():
        place.rename(folder.with_name(f"{folder.name}.old"))
    folder.rename(place)
    return folder.name
