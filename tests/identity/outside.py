"""The outside world of notifications: an SMTP server and a browser's push service, both real ones
that run in the test."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import http_ece
import msgspec
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

USER, WORD = "hanse@mail.example", "pass word/@"


class MailServer:
    """An SMTP server: `letters` it took, `raw` as they came; it says `answer` instead if set."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.recipients: list[str] = []
        self.answer: str | None = None
        self.delay_s = 0.0
        self.begun = 0
        self.encrypted: list[bool] = []
        self.port = 0

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd when a letter has come."""
        self.begun += 1
        await asyncio.sleep(self.delay_s)
        if self.answer is not None:
            return self.answer
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.raw.append(envelope.content)
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?starttls=no"

    def to(self, address: str) -> list[EmailMessage]:
        """The letters to somebody."""
        return [each for each in self.letters if address in str(each["To"])]


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, log_in: bool = False
) -> AsyncIterator[MailServer]:
    """An SMTP server for the length of a block; it asks for TLS and a log-in if told so."""
    server = MailServer()

    def check(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login.decode(), data.password.decode()) == (USER, WORD)
        return AuthResult(success=right, handled=False)

    def connection() -> SMTP:
        return SMTP(
            server,
            hostname="mail.example",
            tls_context=None if implicit else tls,
            require_starttls=tls is not None and not implicit,
            authenticator=check if log_in else None,
            auth_required=log_in,
            auth_require_tls=not implicit and log_in,
        )

    loop = asyncio.get_running_loop()
    listener = await loop.create_server(connection, "127.0.0.1", 0, ssl=tls if implicit else None)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """The plain text of a letter, or its HTML."""
    body = letter.get_body((kind,))
    assert body is not None
    return str(body.get_content())


class Browser:
    """A browser's keys, and its push service at `127.0.0.1`: what came, and what it answers."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = b"sixteen bytes..."
        self.status = 201
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.port = 0

    def subscription(self, path: str = "/push/1", host: str = "") -> dict[str, Any]:
        """What `PushSubscription.toJSON()` would give; `host` is that of another service."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": f"https://{host}{path}" if host else f"http://127.0.0.1:{self.port}{path}",
            "expirationTime": None,
            "keys": {"p256dh": _encoded(point), "auth": _encoded(self._secret)},
        }

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, as a push service takes it (RFC 8030)."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value
            for name, _, value in (line.partition(": ") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        if self.status == 201:
            plain = http_ece.decrypt(
                body, private_key=self._key, auth_secret=self._secret, version="aes128gcm"
            )
            self.got.append(msgspec.json.decode(plain))
            self.headers.append(headers)
        writer.write(
            f"HTTP/1.1 {self.status} -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def browser_push() -> AsyncIterator[Browser]:
    """A browser with its push service, for the length of a block."""
    browser = Browser()
    listener = await asyncio.start_server(browser.handle, "127.0.0.1", 0)
    browser.port = listener.sockets[0].getsockname()[1]
    try:
        yield browser
    finally:
        listener.close()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
