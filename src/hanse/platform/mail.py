"""Mail: letters are put together here and handed to an SMTP server (RFC 5321).

The server is named by one URL: `smtps://user:password@host:465` speaks TLS from the start,
`smtp://user:password@host:587` by STARTTLS, which must then succeed. `?starttls=no` leaves TLS out,
for a relay on this machine or in a network that is trusted; a password is then sent only to this
machine.
"""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import Policy
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
import msgspec

from hanse.platform.outbound import LOOPBACK_HOSTS
from hanse.platform.problems import Unavailable

TIMEOUT_S: Final = 20.0
"""Time that the server has for each of its answers."""


class _OneLine(UnstructuredHeader, BaseHeader):
    """A header that is never folded: no mail program finds an address in encoded words."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS: Final = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _OneLine)
_POLICY: Final = SMTP_POLICY.clone(header_factory=_HEADERS)


class MailRefused(Exception):
    """The server takes this letter neither now nor later; the text says why."""


class MailUnavailable(Unavailable):
    """The mail server cannot be reached, or does not take letters at the moment."""

    code = "mail_unavailable"
    title = "Mail server unavailable"


class SmtpServer(msgspec.Struct, frozen=True):
    """How an SMTP server is reached."""

    host: str
    port: int
    implicit_tls: bool
    starttls: bool
    user: str | None = None
    password: str | None = None


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter to one person, as plain text and HTML. `id` is the same if it is sent again."""

    id: str
    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = {}


def parse_smtp_url(url: str) -> SmtpServer:
    """Return the server that a URL names. Raises ValueError, without what is secret in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("an SMTP server is written as smtp://host:587 or smtps://host:465")
    options = parse_qs(parts.query, keep_blank_values=True)
    if set(options) - {"starttls"} or parts.path.strip("/"):
        raise ValueError("behind host and port of an SMTP server only ?starttls=no is known")
    implicit = parts.scheme == "smtps"
    asked = options.get("starttls", ["yes"])[-1]
    if asked not in ("yes", "no"):
        raise ValueError("starttls of an SMTP server is yes or no")
    starttls = asked == "yes" and not implicit
    if parts.password and not (implicit or starttls) and parts.hostname not in LOOPBACK_HOSTS:
        raise ValueError("a password is sent to an SMTP server only by TLS: leave out ?starttls=no")
    return SmtpServer(
        parts.hostname,
        parts.port or (465 if implicit else 587 if starttls else 25),
        implicit,
        starttls,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
    )


class Postman:
    """Hands letters to one SMTP server, a connection each.

    `sender` is as in a `From` header; `authority` a PEM file of certificates to trust there instead
    of the system's. Raises ValueError for a sender that is no address, OSError for the file.
    """

    def __init__(self, server: SmtpServer, sender: str, authority: str | None = None) -> None:
        self._server = server
        try:
            self._sender = _address(*parseaddr(sender))
        except (MessageError, IndexError) as error:
            raise ValueError(f"'{sender}' is no sender of letters") from error
        self._tls = ssl.create_default_context(cafile=authority)

    async def send(self, letter: Letter) -> None:
        """Send a letter; when this returns, the server has taken it. Raises MailRefused,
        MailUnavailable.

        Of a server that has the letter but whose answer is lost, nobody knows: it is sent again,
        with the same Message-ID.
        """
        server = self._server
        message = self._message(letter)
        try:
            await aiosmtplib.send(
                message,
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=server.password,
                use_tls=server.implicit_tls,
                start_tls=server.starttls,
                tls_context=self._tls if server.implicit_tls or server.starttls else None,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _as_error(error.recipients[0]) from error
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
            raise _as_error(error) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            # Log-in or sender refused: the operator mends that, and the letter goes out then.
            raise MailUnavailable(f"The mail server does not take letters: {error}") from error

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=_POLICY)
        try:
            message["From"] = self._sender
            message["To"] = _address(letter.to_name, letter.to_address)
            message["Subject"] = " ".join(letter.subject.split())
            message["Date"] = format_datetime(datetime.now(UTC))
            message["Message-ID"] = f"<{letter.id}@{self._sender.domain}>"
            # No vacation notes in answer (RFC 3834).
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(letter.text)
            message.add_alternative(letter.html, subtype="html")
            # Last: setting the content drops headers such as Content-Language.
            for name, value in letter.headers.items():
                message[name] = value
        except (ValueError, MessageError, IndexError) as error:
            raise MailRefused(f"No letter can be addressed so: {error}") from error
        return message


def _address(name: str, address: str) -> Address:
    return Address(display_name=" ".join(name.split()), addr_spec=address)


def _as_error(error: aiosmtplib.SMTPResponseException) -> Exception:
    text = f"{error.code} {error.message}"
    return MailRefused(text) if error.code >= 500 else MailUnavailable(text)
