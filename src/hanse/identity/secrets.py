"""Secrets: 256 random bits each, kept only as SHA-256.

A slow hash protects what people think up; a secret with 256 bits of entropy cannot be guessed, so
a fast hash is enough and lets the database find the row by it.
"""

import hashlib
import secrets

KEY_PREFIX = "hns_"


def new_secret(prefix: str = "") -> str:
    """Return a new secret: URL-safe, 43 characters behind `prefix`."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """Return the 32 bytes under which a secret is stored."""
    return hashlib.sha256(secret.encode()).digest()
