"""Readers of a Firefox translation model: weights, lexical shortlist, architecture.

The weights are Marian's binary container (little-endian): ``u64 version, u64 count``, then
``count`` headers of four u64 ``(name bytes, type, rank, data bytes)``, the names (each ending
in NUL), the shapes (i32 each), ``u64 padding`` and that many bytes, then the data. Every number
is checked against the bytes that are there before anything is read or allocated by it.
"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

ITEMS_MAX = 4096
NAME_BYTES_MAX = 256
RANK_MAX = 4
DIM_MAX = 1024
FEED_FORWARD_MAX = 8192
LAYERS_MAX = 24
VOCABULARY_MAX = 1 << 18
FREQUENT_MAX = 4096
"""Limits no published student comes near; a file beyond them is damaged or not ours to run."""

HEADS = 8
COLUMNS_ALIGNED = 64

CONTAINER_VERSION = 1
TYPE_FLOAT32 = 0x0404
TYPE_INTGEMM8 = 0x4101
TYPE_INT8 = 0x0101
SHORTLIST_MAGIC = 0xF11A48D5013417F5
CONFIGURATION = "special:model.yml"

Int8Array = npt.NDArray[np.int8]
FloatArray = npt.NDArray[np.float32]


class ModelFileError(ValueError):
    """A model file is missing, damaged or of an architecture this engine does not run."""


@dataclass(frozen=True, slots=True)
class Item:
    """One named tensor of the container: where its bytes lie, not yet read."""

    kind: int
    shape: tuple[int, ...]
    start: int
    length_bytes: int

    @property
    def elements(self) -> int:
        """The product of the shape."""
        product = 1
        for side in self.shape:
            product *= side
        return product


@dataclass(frozen=True, slots=True)
class Matrix:
    """An int8 weight: ``weights`` has shape (outputs, inputs); real value = weight / multiplier."""

    weights: Int8Array
    multiplier: float


@dataclass(frozen=True, slots=True)
class Architecture:
    """Sizes of a student: embedding and feed-forward widths, layers, pieces in the vocabulary."""

    dim: int
    feed_forward: int
    encoder_layers: int
    decoder_layers: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Likely target pieces of each source piece.

    The candidates of source piece ``w`` are ``ids[offsets[w]:offsets[w + 1]]``; the first
    ``frequent`` pieces of the vocabulary are candidates of every sentence.
    """

    frequent: int
    offsets: npt.NDArray[np.uint64]
    ids: npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A parsed container. Arrays handed out are views of the mapped file, never copies."""

    path: Path
    content: npt.NDArray[np.uint8]
    items: dict[str, Item]
    architecture: Architecture

    def floats(self, name: str, count: int) -> FloatArray:
        """The ``count`` float32 values of ``name``.

        Raises:
            ModelFileError: the tensor is absent, of another type or of another size.
        """
        item = _find(self.items, name, TYPE_FLOAT32, self.path)
        if item.elements != count or item.length_bytes < 4 * count:
            raise ModelFileError(f"{self.path}: {name} should hold {count} values: {item.shape}")
        return self.content[item.start : item.start + 4 * count].view(np.float32)

    def multiplier(self, name: str) -> float:
        """The activation multiplier stored for weight ``name``: finite and above zero."""
        value = float(self.floats(f"{name}_QuantMultA", 1)[0])
        return _sane_multiplier(value, name, self.path)

    def matrix(self, name: str, inputs: int, outputs: int) -> Matrix:
        """Weight ``name`` as (outputs, inputs): the container stores it transposed.

        Raises:
            ModelFileError: the tensor is absent, of another type or of another size.
        """
        return self._matrix(name, (inputs, outputs), (outputs, inputs))

    def embedding(self) -> Matrix:
        """The one embedding of source, target and output: (vocabulary, dim)."""
        shape = (self.architecture.vocabulary, self.architecture.dim)
        return self._matrix("Wemb", shape, shape)

    def _matrix(self, name: str, stored: tuple[int, int], laid_out: tuple[int, int]) -> Matrix:
        item = _find(self.items, name, TYPE_INTGEMM8, self.path)
        size = stored[0] * stored[1]
        if item.shape != stored or item.length_bytes < size + 4:
            raise ModelFileError(f"{self.path}: {name} should be {stored}: {item.shape}")
        weights = self.content[item.start : item.start + size].view(np.int8).reshape(laid_out)
        scale = self.content[item.start + size : item.start + size + 4].view(np.float32)
        return Matrix(weights, _sane_multiplier(float(scale[0]), name, self.path))


def read_model(path: Path) -> ModelFile:
    """Map ``path`` and read its table of contents and architecture (source: Marian's io/binary).

    Raises:
        ModelFileError: whatever is wrong with the file, in one sentence.
    """
    content = _map(path)
    items = _contents(content, path)
    return ModelFile(path, content, items, _architecture(_configuration(content, items, path)))


def read_shortlist(path: Path, vocabulary: int) -> Shortlist:
    """Map a binary lexical shortlist (``lex.*.bin``) made for ``vocabulary`` pieces.

    Layout: six u64 ``magic, checksum, frequent, best, offset count, id count``, then the
    offsets (u64) and the ids (u32).

    Raises:
        ModelFileError: truncated, or an offset or id points outside its table.
    """
    content = _map(path)
    if content.size < 48:
        raise ModelFileError(f"{path}: too short for a shortlist")
    magic, _, frequent, _, offset_count, id_count = struct.unpack("<6Q", content[:48].tobytes())
    if magic != SHORTLIST_MAGIC:
        raise ModelFileError(f"{path}: not a binary lexical shortlist")
    # Exact Python integers, so huge counts cannot wrap around.
    if 48 + 8 * offset_count + 4 * id_count != content.size:
        raise ModelFileError(f"{path}: the counts do not match the length of the file")
    if frequent > min(FREQUENT_MAX, vocabulary) or not 1 < offset_count <= vocabulary + 1:
        raise ModelFileError(f"{path}: made for another vocabulary than {vocabulary} pieces")
    offsets = content[48 : 48 + 8 * offset_count].view(np.uint64)
    ids = content[48 + 8 * offset_count :].view(np.uint32)
    if int(offsets[-1]) > id_count or bool(np.any(offsets[1:] < offsets[:-1])):
        raise ModelFileError(f"{path}: offsets out of order")
    if id_count and int(ids.max()) >= vocabulary:
        raise ModelFileError(f"{path}: an id is outside the vocabulary")
    return Shortlist(frequent, offsets, ids)


def _map(path: Path) -> npt.NDArray[np.uint8]:
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        raise ModelFileError(f"{path}: cannot be read: {error}") from error
    return np.frombuffer(mapped, dtype=np.uint8)


def _contents(content: npt.NDArray[np.uint8], path: Path) -> dict[str, Item]:
    size = content.size
    cursor = 16
    if size < cursor:
        raise ModelFileError(f"{path}: too short for a model")
    version, count = struct.unpack("<2Q", content[:16].tobytes())
    if version != CONTAINER_VERSION or not 0 < count <= ITEMS_MAX or cursor + 32 * count > size:
        raise ModelFileError(f"{path}: not a Marian model of version {CONTAINER_VERSION}")
    headers = list(struct.iter_unpack("<4Q", content[cursor : cursor + 32 * count].tobytes()))
    cursor += 32 * count
    names = []
    for name_bytes, _, rank, _ in headers:
        if not 0 < name_bytes <= NAME_BYTES_MAX or rank > RANK_MAX or cursor + name_bytes > size:
            raise ModelFileError(f"{path}: damaged header")
        raw = content[cursor : cursor + name_bytes - 1].tobytes()
        names.append(raw.decode("utf-8", "replace"))
        cursor += name_bytes
    shapes = []
    for _, _, rank, _ in headers:
        if cursor + 4 * rank > size:
            raise ModelFileError(f"{path}: damaged shapes")
        shape = struct.unpack(f"<{rank}i", content[cursor : cursor + 4 * rank].tobytes())
        if any(side < 1 for side in shape):
            raise ModelFileError(f"{path}: a tensor has no extent")
        shapes.append(shape)
        cursor += 4 * rank
    if cursor + 8 > size:
        raise ModelFileError(f"{path}: truncated before the data")
    cursor += 8 + struct.unpack("<Q", content[cursor : cursor + 8].tobytes())[0]
    items = {}
    for name, shape, (_, kind, _, length_bytes) in zip(names, shapes, headers, strict=True):
        if cursor + length_bytes > size:
            raise ModelFileError(f"{path}: truncated in {name!r}")
        if cursor % 4 and kind == TYPE_FLOAT32:
            raise ModelFileError(f"{path}: {name!r} is not aligned")
        items[name] = Item(kind, shape, cursor, length_bytes)
        cursor += length_bytes
    return items


def _configuration(
    content: npt.NDArray[np.uint8], items: dict[str, Item], path: Path
) -> dict[str, str]:
    item = _find(items, CONFIGURATION, TYPE_INT8, path)
    text = content[item.start : item.start + item.length_bytes].tobytes()
    lines = text.split(b"\0")[0].decode("utf-8", "replace").splitlines()
    settings: dict[str, str] = {}
    key = ""
    for line in lines:
        if line.startswith("  - "):
            settings[key] = f"{settings.get(key, '')} {line[4:].strip()}".strip()
        elif ":" in line:
            key, _, value = line.partition(":")
            settings[key] = value.strip().strip('"')
    return settings


def _architecture(settings: dict[str, str]) -> Architecture:
    for key, wanted in (
        ("type", "transformer"),
        ("transformer-heads", str(HEADS)),
        ("transformer-decoder-autoreg", "rnn"),
        ("dec-cell", "ssru"),
        ("tied-embeddings-all", "true"),
        ("transformer-preprocess", ""),
        ("transformer-postprocess", "dan"),
        ("transformer-postprocess-top", ""),
        ("transformer-ffn-activation", "relu"),
        ("transformer-ffn-depth", "2"),
        ("transformer-train-position-embeddings", "false"),
        ("right-left", "false"),
    ):
        if settings.get(key, wanted) != wanted:
            raise ModelFileError(f"{CONFIGURATION}: {key} is {settings[key]!r}, not {wanted!r}")
    vocabularies = set(settings.get("dim-vocabs", "").split())
    if len(vocabularies) != 1:
        raise ModelFileError(f"{CONFIGURATION}: source and target must share one vocabulary")
    return Architecture(
        dim=_size(settings, "dim-emb", DIM_MAX, COLUMNS_ALIGNED * 2),
        feed_forward=_size(settings, "transformer-dim-ffn", FEED_FORWARD_MAX, COLUMNS_ALIGNED),
        encoder_layers=_size(settings, "enc-depth", LAYERS_MAX, 1),
        decoder_layers=_size(settings, "dec-depth", LAYERS_MAX, 1),
        vocabulary=_size({"dim-vocabs": vocabularies.pop()}, "dim-vocabs", VOCABULARY_MAX, 8),
    )


def _size(settings: dict[str, str], key: str, most: int, multiple: int) -> int:
    text = settings.get(key, "")
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 0 < value <= most or value % multiple:
        raise ModelFileError(
            f"{CONFIGURATION}: {key} is {text!r}, not a multiple of {multiple} up to {most}"
        )
    return value


def _find(items: dict[str, Item], name: str, kind: int, path: Path) -> Item:
    item = items.get(name)
    if item is None or item.kind != kind:
        raise ModelFileError(f"{path}: no tensor {name!r} of type {kind:#x}")
    return item


def _sane_multiplier(value: float, name: str, path: Path) -> float:
    if not 1e-6 < value < 1e9:  # also refuses NaN
        raise ModelFileError(f"{path}: the multiplier of {name} is {value}")
    return value
