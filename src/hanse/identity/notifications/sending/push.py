"""Web Push: RFC 8030 (delivery), RFC 8291 (encryption), RFC 8292 (who sends it).

A browser's push service is a server of its maker. It learns that something was sent, how much and
when, and not what. Only services that the operator has named are ever written to: the address of a
subscription comes from outside (see docs/decisions/0049-push-services-are-named.md).
"""

import base64
import binascii
import hashlib
import time
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import http_ece
import httpx
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from joserfc import jwt
from joserfc.jwk import ECKey

from hanse.identity.sealing import Seal
from hanse.platform.problems import BadRequest, Unavailable

PLAIN_BYTES_MAX: Final = 3000
"""Of a push services takes 4,096 bytes at least, encryption included (RFC 8030, section 7.2)."""
TTL_S: Final = 24 * 3600
"""How long a service keeps what a browser does not fetch."""
TOKEN_LIFETIME_S: Final = 12 * 3600
TIMEOUT_S: Final = 15.0
ENDPOINT_CHARACTERS_MAX: Final = 2000
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256's group (SEC 2, section 2.4.2)."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})
_PURPOSE: Final = "push subscription"


class PushServiceNotAllowed(BadRequest):
    """The operator does not let Hanse write to this browser's push service."""

    code = "push_service_not_allowed"
    title = "Push service not allowed"


class InvalidPushSubscription(BadRequest):
    """This is no subscription as browsers make them."""

    code = "invalid_push_subscription"
    title = "Invalid push subscription"


class PushUnavailable(Unavailable):
    """The push service cannot be reached, or takes nothing at the moment."""

    code = "push_unavailable"
    title = "Push service unavailable"


class PushRefused(Exception):
    """The push service does not take this one; the text says why."""


class PushGone(Exception):
    """The browser does not want to be written to any more."""


class Address(msgspec.Struct, frozen=True):
    """How to write to one browser: its service's address for it, and its keys (base64url)."""

    endpoint: str
    p256dh: str
    auth: str


class PushServices:
    """The services that may be written to: names of hosts, `*.` before one for all within it.

    Plain HTTP is for services on this machine only.
    """

    def __init__(self, names: str) -> None:
        self._names = [each.strip().lower() for each in names.split(",") if each.strip()]

    def __bool__(self) -> bool:
        return bool(self._names)

    def require(self, endpoint: str) -> str:
        """Return the host of an endpoint. Raises PushServiceNotAllowed, InvalidPushSubscription."""
        try:
            parts = urlsplit(endpoint)
            host, _ = (parts.hostname or "").lower(), parts.port
        except ValueError as error:
            raise InvalidPushSubscription("The endpoint is no address.") from error
        secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
        if not host or not secure or parts.username or len(endpoint) > ENDPOINT_CHARACTERS_MAX:
            raise InvalidPushSubscription("The endpoint is no address of a push service.")
        if not any(_covers(name, host) for name in self._names):
            raise PushServiceNotAllowed(
                f"Hanse does not write to '{host}'. HANSE_PUSH_SERVICES says to whom it may."
            )
        return host


def _covers(name: str, host: str) -> bool:
    return host.endswith(name[1:]) if name.startswith("*.") else host == name


class Vapid:
    """Who we are to push services: a key pair that follows from the installation's secret.

    `subject` is how the operator can be reached: `mailto:` or `https:` (RFC 8292, section 2.1).
    """

    def __init__(self, secret: str, subject: str) -> None:
        material = HKDF(SHA256(), 48, salt=None, info=b"hanse vapid key").derive(secret.encode())
        number = int.from_bytes(material, "big") % (_ORDER - 1) + 1
        key = ec.derive_private_key(number, ec.SECP256R1())
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.public_key = _encoded(point)
        self._key = ECKey.import_key(pem)
        self._subject = subject

    def authorization(self, endpoint: str, now_s: float) -> str:
        """The `Authorization` of a request to an endpoint."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(now_s) + TOKEN_LIFETIME_S,
            "sub": self._subject,
        }
        token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, self._key)
        return f"vapid t={token}, k={self.public_key}"


def check_keys(address: Address) -> None:
    """Raise InvalidPushSubscription unless a browser's keys are such."""
    try:
        point, secret = _decoded(address.p256dh), _decoded(address.auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as error:
        raise InvalidPushSubscription("The keys are not those of a browser.") from error
    if len(secret) != 16:
        raise InvalidPushSubscription("`auth` has 16 bytes.")


def encrypt(address: Address, plain: bytes) -> bytes:
    """Encrypt for one browser (`aes128gcm`)."""
    sealed: bytes = http_ece.encrypt(
        plain,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=_decoded(address.p256dh),
        auth_secret=_decoded(address.auth),
        version="aes128gcm",
    )
    return sealed


class PushSender:
    """Writes to browsers. Close it."""

    def __init__(self, services: PushServices, vapid: Vapid) -> None:
        self._services = services
        self._vapid = vapid
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)

    async def send(self, address: Address, plain: bytes, *, topic: UUID, urgent: bool) -> None:
        """Hand something to a browser's service; one of the same topic that still waits there gives
        way to it. Raises PushGone, PushRefused, PushUnavailable, PushServiceNotAllowed.
        """
        self._services.require(address.endpoint)
        headers = {
            "Authorization": self._vapid.authorization(address.endpoint, time.time()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL_S),
            # At most 32 characters of base64url: an id of 16 bytes has 22.
            "Topic": _encoded(topic.bytes),
            "Urgency": "high" if urgent else "normal",
        }
        try:
            answer = await self._client.post(
                address.endpoint, content=encrypt(address, plain), headers=headers
            )
        except (httpx.HTTPError, OSError) as error:
            raise PushUnavailable(f"The push service cannot be reached: {error!r}") from error
        if answer.is_success:
            return
        said = f"{answer.status_code} {answer.text[:200]}"
        if answer.status_code in (404, 410):
            raise PushGone(said)
        if answer.status_code == 429 or answer.status_code >= 500:
            wait = answer.headers.get("retry-after", "")
            raise PushUnavailable(
                said, retry_after_s=min(float(wait), 3600.0) if wait.isdigit() else 5.0
            )
        raise PushRefused(said)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def endpoint_hash(endpoint: str) -> bytes:
    """What a browser's address is known by."""
    return hashlib.sha256(endpoint.encode()).digest()


def seal_address(seal: Seal, person_id: UUID, address: Address) -> bytes:
    """What may be stored of a browser's address."""
    return seal.seal(msgspec.json.encode(address).decode(), purpose=_PURPOSE, owner=person_id)


def open_address(seal: Seal, person_id: UUID, sealed: bytes) -> Address:
    """Return what was sealed. Raises SealBroken."""
    opened = seal.open(sealed, purpose=_PURPOSE, owner=person_id)
    return msgspec.json.decode(opened, type=Address)


def fitting(title: str, body: str, rest: dict[str, object]) -> bytes:
    """A message as JSON, its texts cut so that it has at most PLAIN_BYTES_MAX bytes."""
    for characters in (1000, 500, 200, 80):
        data = msgspec.json.encode({**rest, "title": title[:characters], "body": body[:characters]})
        if len(data) <= PLAIN_BYTES_MAX:
            return data
    return msgspec.json.encode({**rest, "title": title[:80], "body": "", "link": None})


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    text = text.rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
