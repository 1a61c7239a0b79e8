"""Writes the files of a made-up student: random weights, a real vocabulary of 96 pieces."""

import struct
from pathlib import Path

import numpy as np
import sentencepiece

from tests.inference.firefox.sentences import ENGLISH

VOCABULARY = 96
DIM = 128
FEED_FORWARD = 64
CONFIGURATION = f"""dim-emb: {DIM}
transformer-dim-ffn: {FEED_FORWARD}
transformer-heads: 8
enc-depth: 1
dec-depth: 1
dec-cell: ssru
transformer-decoder-autoreg: rnn
transformer-postprocess: dan
type: transformer
dim-vocabs:
  - {VOCABULARY}
  - {VOCABULARY}
"""
FLOAT32, INTGEMM8, INT8 = 0x0404, 0x4101, 0x0101


def write_student(folder: Path) -> None:
    """`model.tiny.bin`, `lex.tiny.bin` and `vocab.tiny.spm` in `folder`."""
    (folder / "model.tiny.bin").write_bytes(model_bytes())
    (folder / "lex.tiny.bin").write_bytes(shortlist_bytes())
    with (folder / "vocab.tiny.spm").open("wb") as out:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(ENGLISH),
            model_writer=out,
            vocab_size=VOCABULARY,
            hard_vocab_limit=False,
            character_coverage=0.98,
            eos_id=0,
            unk_id=1,
            bos_id=-1,
            minloglevel=2,
        )


def model_bytes() -> bytes:
    """The container, laid out as Marian lays it out."""
    rng = np.random.default_rng(1)
    items: list[tuple[str, int, tuple[int, ...], bytes]] = []

    def floats(name: str, values) -> None:
        data = np.atleast_2d(np.asarray(values, dtype=np.float32))
        items.append((name, FLOAT32, data.shape, data.tobytes()))

    def matrix(name: str, rows: int, columns: int, bias: str | None = None) -> None:
        weights = rng.integers(-127, 128, rows * columns, dtype=np.int8)
        data = weights.tobytes() + struct.pack("<f", 400.0)
        items.append((name, INTGEMM8, (rows, columns), data))
        floats(f"{name}_QuantMultA", 20.0)
        if bias:
            floats(bias, rng.normal(size=columns))

    def norm(name: str) -> None:
        floats(f"{name}_ln_scale", np.ones(DIM))
        floats(f"{name}_ln_bias", np.zeros(DIM))

    def layer(name: str, attention: str) -> None:
        for letter in "qkvo":
            matrix(f"{name}_{attention}_W{letter}", DIM, DIM, f"{name}_{attention}_b{letter}")
        matrix(f"{name}_ffn_W1", DIM, FEED_FORWARD, f"{name}_ffn_b1")
        matrix(f"{name}_ffn_W2", FEED_FORWARD, DIM, f"{name}_ffn_b2")
        norm(f"{name}_{attention}_Wo")
        norm(f"{name}_ffn_ffn")

    matrix("Wemb", VOCABULARY, DIM)
    floats("decoder_ff_logit_out_b", rng.normal(size=VOCABULARY))
    floats("none_QuantMultA", 9.0)
    layer("encoder_l1", "self")
    layer("decoder_l1", "context")
    matrix("decoder_l1_rnn_W", DIM, DIM)
    matrix("decoder_l1_rnn_Wf", DIM, DIM, "decoder_l1_rnn_bf")
    norm("decoder_l1_rnn_ffn")
    items.append(("special:model.yml", INT8, (len(CONFIGURATION),), CONFIGURATION.encode() + b"\0"))
    return container(items)


def container(items: list[tuple[str, int, tuple[int, ...], bytes]]) -> bytes:
    """Headers, names, shapes, padding, data."""
    blobs = [data + b"\0" * (-len(data) % 256) for *_, data in items]
    out = struct.pack("<2Q", 1, len(items))
    for (name, kind, shape, _), blob in zip(items, blobs, strict=True):
        out += struct.pack("<4Q", len(name) + 1, kind, len(shape), len(blob))
    out += b"".join(name.encode() + b"\0" for name, *_ in items)
    out += b"".join(struct.pack(f"<{len(shape)}i", *shape) for _, _, shape, _ in items)
    padding = -(len(out) + 8) % 256
    return out + struct.pack("<Q", padding) + b"\0" * padding + b"".join(blobs)


def shortlist_bytes() -> bytes:
    """Three likely pieces for each piece, five for every sentence."""
    offsets = np.arange(0, 3 * VOCABULARY + 1, 3, dtype=np.uint64)
    ids = np.random.default_rng(2).integers(0, VOCABULARY, 3 * VOCABULARY, dtype=np.uint32)
    head = struct.pack("<6Q", 0xF11A48D5013417F5, 0, 5, 3, len(offsets), len(ids))
    return head + offsets.tobytes() + ids.tobytes()
