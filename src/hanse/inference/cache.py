"""Results that were computed before, for the organisation that had them computed."""

import sys
from collections import OrderedDict

from hanse.inference.job import Output, Result

Organisation = bytes
"""The 16 bytes of an organisation's UUID, which hash far faster than the UUID object."""

Key = tuple[Organisation, str, str]
"""Organisation, hash of the model, text. The organisation is never left out."""


def hash_for(model_hash: str, output: Output) -> str:
    """Return the hash of a model as it stands in keys: results of another kind are others."""
    return model_hash if output is Output.TEXT else f"{model_hash}.{output}"


ENTRY_OVERHEAD_BYTES = 250
"""Key tuple, dictionary slot and bookkeeping of one entry, in CPython 3.11 to 3.14."""


class ResultCache:
    """Keeps the results that were used last, within `bytes_max` bytes of memory.

    A result larger than a hundredth of the whole is not kept, so that no single one drives out
    the others. One that `is_shared` answers every organisation with what it knows from any. Every
    operation takes constant time.
    """

    def __init__(self, bytes_max: int, *, is_shared: bool = False) -> None:
        self.bytes_max = bytes_max
        self._is_shared = is_shared
        self.bytes = 0
        # Unused for longest comes first. (The first entry of a plain dict is slow to find once
        # many before it are gone.)
        self._entries: OrderedDict[Key, tuple[Result, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Result | None:
        """Return the result, or None; what was asked for is kept longest."""
        key = self._own(key)
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Key, result: Result) -> None:
        """Keep `result`, and drop what was unused for longest if there is no room."""
        key = self._own(key)
        size = ENTRY_OVERHEAD_BYTES + sys.getsizeof(key[2]) + sys.getsizeof(result)
        if size * 100 > self.bytes_max:
            return
        old = self._entries.pop(key, None)
        if old is not None:
            self.bytes -= old[1]
        self._entries[key] = (result, size)
        self.bytes += size
        while self.bytes > self.bytes_max:
            _, (_, size) = self._entries.popitem(last=False)
            self.bytes -= size

    def _own(self, key: Key) -> Key:
        return (b"", key[1], key[2]) if self._is_shared else key
