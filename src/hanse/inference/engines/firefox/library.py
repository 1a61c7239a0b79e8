"""The C library seen from Python: structs mirrored from ``native/engine.h`` and its functions."""

import ctypes as c
from functools import cache
from pathlib import Path

from hanse.inference.engines.firefox.build import library_name

OK, NO_MEMORY, BAD_INPUT = range(3)
PHASES = (
    "encoder gemm",
    "encoder attention",
    "encoder other",
    "decoder gemm",
    "decoder attention",
    "decoder other",
    "output layer",
    "candidates",
)


class MatrixSpec(c.Structure):
    """``hanse_matrix``."""

    _fields_ = (
        ("weights", c.c_void_p),
        ("bias", c.c_void_p),
        ("activation_multiplier", c.c_float),
        ("weight_multiplier", c.c_float),
        ("outputs", c.c_int32),
        ("inputs", c.c_int32),
    )


class NormSpec(c.Structure):
    """``hanse_norm``."""

    _fields_ = (("scale", c.c_void_p), ("bias", c.c_void_p))


class ModelSpec(c.Structure):
    """``hanse_spec``."""

    _fields_ = (
        ("dim", c.c_int32),
        ("feed_forward", c.c_int32),
        ("encoder_layers", c.c_int32),
        ("decoder_layers", c.c_int32),
        ("vocabulary", c.c_int32),
        ("positions", c.c_int32),
        ("frequent", c.c_int32),
        ("shortlist_words", c.c_int32),
        ("matrices", c.POINTER(MatrixSpec)),
        ("norms", c.POINTER(NormSpec)),
        ("embedding", c.c_void_p),
        ("output_bias", c.c_void_p),
        ("position_table", c.c_void_p),
        ("shortlist_offsets", c.c_void_p),
        ("shortlist_ids", c.c_void_p),
        ("embedding_multiplier", c.c_float),
        ("output_activation_multiplier", c.c_float),
    )


class Batch(c.Structure):
    """``hanse_batch``."""

    _fields_ = (
        ("sentences", c.c_int32),
        ("source_ids", c.c_void_p),
        ("source_lengths", c.c_void_p),
        ("target_ids", c.c_void_p),
        ("target_lengths", c.c_void_p),
        ("scores", c.c_void_p),
        ("alignments", c.c_void_p),
        ("forced_ids", c.c_void_p),
        ("forced_lengths", c.c_void_p),
        ("tops", c.c_void_p),
    )


def library_path() -> Path:
    """Where the build puts the library: beside this package."""
    return Path(__file__).parent / library_name()


@cache
def load_library(path: Path) -> c.CDLL:
    """The library at ``path`` with its functions typed. Calls release the interpreter lock.

    Raises:
        OSError: it is not there or not for this machine.
    """
    library = c.CDLL(str(path))
    library.hanse_instruction_set.argtypes = (c.c_int32,)
    library.hanse_instruction_set.restype = c.c_char_p
    library.hanse_peak.argtypes = (c.c_int32, c.c_int64)
    library.hanse_peak.restype = c.c_double
    library.hanse_model_new.argtypes = (c.POINTER(ModelSpec), c.c_char_p)
    library.hanse_model_new.restype = c.c_void_p
    library.hanse_model_free.argtypes = (c.c_void_p,)
    library.hanse_model_free.restype = None
    library.hanse_scratch_new.argtypes = (c.c_void_p, c.c_int32, c.c_int32, c.c_int32)
    library.hanse_scratch_new.restype = c.c_void_p
    library.hanse_scratch_free.argtypes = (c.c_void_p,)
    library.hanse_scratch_free.restype = None
    library.hanse_translate.argtypes = (c.c_void_p, c.POINTER(Batch))
    library.hanse_translate.restype = c.c_int32
    library.hanse_ticks.argtypes = (c.c_void_p, c.POINTER(c.c_uint64 * 16))
    library.hanse_ticks.restype = None
    return library


def instruction_sets(library: c.CDLL) -> list[str]:
    """What this processor can run, best first; always ends with ``portable``."""
    names: list[str] = []
    while (name := library.hanse_instruction_set(len(names))) is not None:
        names.append(name.decode())
    return names


def available() -> bool:
    """Whether the library was built and loads on this machine."""
    try:
        return bool(instruction_sets(load_library(library_path())))
    except (OSError, AttributeError):  # not there, or of another version
        return False
