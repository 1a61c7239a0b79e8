"""What is written in letters: plain text, and the same as simple HTML. Pure."""

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Final
from uuid import UUID

import msgspec

from hanse.identity.notifications.model import Notification, Recipient
from hanse.identity.notifications.wording import fill, language_of
from hanse.platform.mail import Letter

SHOWN_IN_DIGEST_MAX: Final = 50

PREFERENCES_PATH: Final = "/account/notifications"
_URL: Final = re.compile(r"https?://\S+")


class Entry(msgspec.Struct, frozen=True):
    """One part of a letter: a heading, a text, and an address to go to."""

    title: str
    body: str
    url: str | None


def single(
    recipient: Recipient, notification: Notification, delivery_id: UUID, public_url: str
) -> Letter:
    """The letter about one notification."""
    return _letter(
        recipient,
        id=str(delivery_id),
        subject=notification.title,
        entries=[_entry(notification, public_url)],
        button=_phrase(recipient, "open"),
        foot=[_phrase(recipient, "why", url=public_url + PREFERENCES_PATH)],
    )


def digest(
    recipient: Recipient,
    notifications: Sequence[Notification],
    delivery_id: UUID,
    public_url: str,
    stop_url: str,
) -> Letter:
    """The letter about several, newest first, that can be stopped at `stop_url` (RFC 8058)."""
    entries = [_entry(each, public_url) for each in notifications[:SHOWN_IN_DIGEST_MAX]]
    more = len(notifications) - len(entries)
    foot = [
        _phrase(recipient, "why", url=public_url + PREFERENCES_PATH),
        _phrase(recipient, "stop", url=stop_url),
    ]
    if more:
        foot.insert(0, _phrase(recipient, "digest.more", count=more))
    return _letter(
        recipient,
        id=str(delivery_id),
        subject=_phrase(recipient, "digest.subject", count=len(notifications)),
        entries=entries,
        button=_phrase(recipient, "open"),
        foot=foot,
        headers={
            "List-Unsubscribe": f"<{stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def sign_in(recipient: Recipient, id: str, organisation: str, url: str, minutes: int) -> Letter:
    """The letter with a sign-in link that somebody asked for."""
    values: dict[str, str | int] = {"organisation": organisation, "minutes": minutes}
    return _with_link(recipient, "sign_in", id, url, values)


def invitation(recipient: Recipient, id: str, organisation: str, url: str, days: int) -> Letter:
    """The letter that lets somebody in for the first time."""
    values: dict[str, str | int] = {"organisation": organisation, "days": days}
    return _with_link(recipient, "invitation", id, url, values)


def _with_link(
    recipient: Recipient, what: str, id: str, url: str, values: dict[str, str | int]
) -> Letter:
    subject = _phrase(recipient, f"{what}.subject", **values)
    return _letter(
        recipient,
        id=id,
        subject=subject,
        entries=[Entry(subject, _phrase(recipient, f"{what}.body", **values), url)],
        button=_phrase(recipient, f"{what}.button"),
        foot=[],
    )


def _entry(notification: Notification, public_url: str) -> Entry:
    url = public_url + notification.link if notification.link else None
    return Entry(notification.title, notification.body, url)


def _phrase(recipient: Recipient, phrase: str, /, **values: str | int) -> str:
    language = language_of(recipient.locale)
    return fill(phrases(language)[phrase], language, values)


@cache
def phrases(language: str) -> dict[str, str]:
    """The patterns of letters in a language, by name."""
    file = resources.files("hanse.identity.notifications.sending") / "phrases" / f"{language}.json"
    found: dict[str, str] = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    return found


def _letter(
    recipient: Recipient,
    *,
    id: str,
    subject: str,
    entries: Sequence[Entry],
    button: str,
    foot: Sequence[str],
    headers: dict[str, str] | None = None,
) -> Letter:
    greeting = _phrase(recipient, "greeting", name=recipient.name)
    return Letter(
        id=id,
        to_name=recipient.name,
        to_address=recipient.email,
        subject=subject,
        text=_as_text(greeting, entries, foot),
        html=_as_html(language_of(recipient.locale), subject, greeting, entries, button, foot),
        headers={"Content-Language": language_of(recipient.locale), **(headers or {})},
    )


def _as_text(greeting: str, entries: Sequence[Entry], foot: Sequence[str]) -> str:
    parts = [greeting]
    for entry in entries:
        parts.append("\n".join(each for each in (entry.title, entry.body, entry.url) if each))
    return "\n\n".join(parts) + "\n\n-- \n" + "\n".join(["Hanse", *foot]) + "\n"


def _as_html(
    language: str,
    subject: str,
    greeting: str,
    entries: Sequence[Entry],
    button: str,
    foot: Sequence[str],
) -> str:
    # Names, of files too, may run from right to left in a sentence that does not.
    parts = [f'<p dir="auto">{escape(greeting)}</p>']
    for entry in entries:
        body = f'<p dir="auto">{escape(entry.body)}</p>' if entry.body else ""
        link = (
            f'<p><a href="{escape(entry.url, quote=True)}" style="color:#1d4ed8">'
            f"{escape(button)}</a></p>"
            if entry.url
            else ""
        )
        heading = f'<h2 dir="auto" style="font-size:17px;margin:24px 0 4px">{escape(entry.title)}'
        parts.append(f"{heading}</h2>")
        parts.append(body + link)
    small = "".join(f"<p>{_with_links(each)}</p>" for each in foot)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(subject)}</title></head>"
        '<body style="font:15px/1.5 system-ui,sans-serif;color:#111827;max-width:36em;'
        'margin:0 auto;padding:16px;overflow-wrap:anywhere">'
        f'{"".join(parts)}<footer style="color:#6b7280;font-size:13px;margin-top:32px">{small}'
        "</footer></body></html>"
    )


def _with_links(text: str) -> str:
    return _URL.sub(
        lambda url: f'<a href="{url[0]}" style="color:inherit">{url[0]}</a>', escape(text)
    )
