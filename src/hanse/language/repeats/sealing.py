"""What a request is known by, and how its answer is kept unreadable to others. No I/O.

Both come from the request itself: who has not its whole body can make neither. So what lies in the
database tells nothing of texts and translations, but to somebody who guesses the whole request.
"""

import hashlib
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12


class Fingerprint:
    """A request: `hash` names it, and `seal` and `unseal` hide its answer."""

    def __init__(self, caller: str, body: bytes) -> None:
        content = len(caller).to_bytes(4, "big") + caller.encode() + body
        self.hash = hashlib.sha256(b"hanse request\0" + content).digest()
        self._key = hashlib.sha256(b"hanse answer\0" + content).digest()

    def seal(self, answer: bytes) -> bytes:
        """Return the answer encrypted (AES-256-GCM, a nonce of its own each time)."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._key).encrypt(nonce, answer, self.hash)

    def unseal(self, sealed: bytes) -> bytes | None:
        """Return the answer, None if this is not what `seal` made for the same request."""
        nonce, data = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return AESGCM(self._key).decrypt(nonce, data, self.hash)
        except (InvalidTag, ValueError):
            return None
