"""The same students on ONNX Runtime: int8 graphs made at load time, no compiler needed."""
