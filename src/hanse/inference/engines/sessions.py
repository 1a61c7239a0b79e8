"""How workers open ONNX models."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_session(model: Path) -> "InferenceSession":
    """Return a session of one thread: there is a worker for every core.

    Raises whatever ONNX Runtime raises for a file that is no model.
    """
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Memory that one large batch took would otherwise stay with the worker for good.
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
