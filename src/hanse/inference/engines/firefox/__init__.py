"""A batched int8 engine for the translation students of Firefox (Bergamot, Marian "tiny").

It loads the files Firefox itself uses and translates many sentences in one pass: exact 8-bit
products on whatever the processor offers, nothing padded, the same text for the same sentence in
any batch. Needs the C library that the package's build compiles where there is a C compiler;
:func:`available` tells, and without it the caller uses another engine. Students with two
vocabularies or without a shortlist are refused (:class:`.model_file.ModelFileError`).

``engine`` is what workers load, ``model.FirefoxModel`` the engine itself. This module stays cheap
to import.
"""

from hanse.inference.engines.firefox.library import available

__all__ = ["available"]
