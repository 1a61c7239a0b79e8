"""Secrets that must be read again (of authenticator apps, providers, webhooks) are sealed.

AES-256-GCM under a key that stands outside the database: whoever has only the database cannot
read them. See docs/decisions/0034-sealed-secrets.md.
"""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hanse.platform.problems import Unavailable

KEY_FILE = "secret.key"
_NONCE_BYTES = 12
_VERSION = b"\x01"


class SealBroken(Unavailable):
    """What was sealed cannot be opened: the installation's key is another one than then."""

    code = "seal_broken"
    title = "The secret key has changed"


class Seal:
    """Seals and opens small secrets. `purpose` and `owner` must be the same at both times."""

    def __init__(self, secret: str) -> None:
        key = HKDF(SHA256(), 32, salt=None, info=b"hanse sealed secrets").derive(secret.encode())
        self._cipher = AESGCM(key)

    def seal(self, secret: str, *, purpose: str, owner: object) -> bytes:
        """Return what may be stored."""
        nonce = os.urandom(_NONCE_BYTES)
        return (
            _VERSION + nonce + self._cipher.encrypt(nonce, secret.encode(), _about(purpose, owner))
        )

    def open(self, sealed: bytes, *, purpose: str, owner: object) -> str:
        """Return what was sealed. Raises SealBroken."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, _about(purpose, owner)).decode()
        except InvalidTag as error:
            raise SealBroken(
                "The key of this installation is not the one that sealed this. Bring back the old "
                "HANSE_SECRET_KEY (or secret.key), or set this up anew."
            ) from error


def read_or_make_key(home: Path) -> str:
    """Return the key in the home, which the first caller makes; only its owner can read it."""
    path = home / KEY_FILE
    home.mkdir(parents=True, exist_ok=True)
    made = home / f"{KEY_FILE}.{secrets.token_hex(8)}"
    if not path.exists():
        descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            # Of two that start at once, one is first; the other takes the same key.
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text("utf-8").strip()


def _about(purpose: str, owner: object) -> bytes:
    return f"{purpose}\0{owner}".encode()
