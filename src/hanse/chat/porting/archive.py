"""Reads exports: archives of foreign make, of which nothing is believed.

A name with a way out of the archive is refused, a link is not followed, and what unpacks to far
more than it packs, or is larger than what is read whole, is refused before it is read.
"""

import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Protocol, TypeVar

import msgspec

from hanse.chat.porting.model import InvalidExport

MEMBERS_MAX: Final = 2_000_000
JSON_BYTES_MAX: Final = 1024**3
"""A document that is read as a whole."""
LINE_BYTES_MAX: Final = 16 * 1024**2
RATIO_MAX: Final = 200
"""Bytes that come out of a byte; text that people wrote does not get near."""
FREE_BYTES: Final = 64 * 1024**2
"""What an archive may always unpack to."""
_COPIED_BYTES: Final = 1024**2

T = TypeVar("T")


class Archive(Protocol):
    """Files by their names, with `/` between folders."""

    def names(self) -> list[str]:
        """All files, sorted."""
        ...

    def size(self, name: str) -> int | None:
        """How many bytes a file has; None if there is none of that name."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read it once."""
        ...


class Folder:
    """A folder on the disk. What is no regular file in it is not there."""

    def __init__(self, root: Path) -> None:
        self._files = _without_root(
            {
                path.relative_to(root).as_posix(): path
                for path in sorted(root.rglob("*"))
                if path.is_file() and not path.is_symlink()
            }
        )

    def names(self) -> list[str]:
        """All files, sorted."""
        return list(self._files)

    def size(self, name: str) -> int | None:
        """How many bytes a file has."""
        path = self._files.get(name)
        return None if path is None else path.stat().st_size

    def open(self, name: str) -> IO[bytes]:
        """Open a file."""
        return self._files[name].open("rb")


class OneFile:
    """A file by itself."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Its name."""
        return [self._path.name]

    def size(self, name: str) -> int | None:
        """How many bytes it has."""
        return self._path.stat().st_size if name == self._path.name else None

    def open(self, name: str) -> IO[bytes]:
        """Open it."""
        assert name == self._path.name
        return self._path.open("rb")


class Zip:
    """A zip file, read where it is."""

    def __init__(self, file: zipfile.ZipFile, packed_bytes: int) -> None:
        self._file = file
        infos = [each for each in file.infolist() if not each.is_dir()]
        _require_few(len(infos))
        _require_honest(sum(each.file_size for each in infos), packed_bytes)
        self._infos = _without_root({checked_name(each.filename): each for each in infos})

    def names(self) -> list[str]:
        """All files, sorted."""
        return sorted(self._infos)

    def size(self, name: str) -> int | None:
        """How many bytes a file has; reading ends there, whatever comes out."""
        info = self._infos.get(name)
        return None if info is None else info.file_size

    def open(self, name: str) -> IO[bytes]:
        """Open a file."""
        try:
            return self._file.open(self._infos[name])
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise InvalidExport(f"{name} in the archive cannot be read: {error}") from error


def _without_root(files: dict[str, T]) -> dict[str, T]:
    """Take away the one folder in which everything lies, if there is one."""
    files = {name: file for name, file in files.items() if not name.startswith("__MACOSX/")}
    roots = {name.partition("/")[0] for name in files}
    if len(roots) != 1 or any("/" not in name for name in files):
        return files
    return {name.partition("/")[2]: file for name, file in files.items()}


def checked_name(name: str) -> str:
    """Return the name of a file in an archive. Raises InvalidExport if it leads out of it."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise InvalidExport(f"The archive has a file that would lie outside of it: {name!r}.")
    return path.as_posix()


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open an export: a folder, a zip or tar file, or a file by itself. Raises InvalidExport."""
    try:
        if path.is_dir():
            yield Folder(path)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as file:
                yield Zip(file, path.stat().st_size)
        elif path.is_file() and tarfile.is_tarfile(path):
            # A packed tar file is read from its beginning for each file of it.
            with tempfile.TemporaryDirectory(prefix="hanse-import-") as folder:
                _unpack(path, Path(folder))
                yield Folder(Path(folder))
        elif path.is_file():
            yield OneFile(path)
        else:
            raise InvalidExport(f"There is no file {path}.")
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise InvalidExport(f"{path.name} is damaged: {error}") from error


def _unpack(path: Path, folder: Path) -> None:
    packed, count, total = path.stat().st_size, 0, 0
    with tarfile.open(path, "r|*") as file:
        for member in file:
            if not member.isfile():
                continue
            count += 1
            total += member.size
            _require_few(count)
            _require_honest(total, packed)
            target = folder / checked_name(member.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            content = file.extractfile(member)
            assert content is not None
            with target.open("wb") as out:
                while data := content.read(_COPIED_BYTES):
                    out.write(data)


def _require_few(count: int) -> None:
    if count > MEMBERS_MAX:
        raise InvalidExport(f"The archive has more than {MEMBERS_MAX} files.")


def _require_honest(unpacked: int, packed: int) -> None:
    if unpacked > packed * RATIO_MAX + FREE_BYTES:
        raise InvalidExport("The archive unpacks to far more than an export would. It is not read.")


def document(archive: Archive, name: str, type: type[T]) -> T:
    """Read a JSON document as a whole. Raises InvalidExport."""
    size = archive.size(name)
    if size is None:
        raise InvalidExport(f"The export has no file {name}.")
    if size > JSON_BYTES_MAX:
        raise InvalidExport(f"{name} is larger than {JSON_BYTES_MAX} bytes.")
    with archive.open(name) as file:
        whole: T = decoded(_read(file, size, name), type, name)
    return whole


def lines(archive: Archive, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that are not empty, with their numbers. Raises InvalidExport."""
    with archive.open(name) as file:
        number = 0
        while line := file.readline(LINE_BYTES_MAX + 1):
            number += 1
            if len(line) > LINE_BYTES_MAX:
                raise InvalidExport(f"Line {number} of {name} is over {LINE_BYTES_MAX} bytes.")
            if line.strip():
                yield number, line


def decoded(data: bytes, type: Any, where: str) -> Any:
    """Decode JSON. Raises InvalidExport."""
    try:
        return msgspec.json.decode(data, type=type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidExport(f"{where}: {error}") from error


def _read(file: IO[bytes], size: int, name: str) -> bytes:
    data = file.read(size + 1)
    if len(data) > size:
        raise InvalidExport(f"{name} is larger than the archive says.")
    return data
