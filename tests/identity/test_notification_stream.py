"""Following one's inbox live, against a running server."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from hanse.identity.notifications.live import STREAMS_PER_PERSON_MAX
from tests.serving import Hanse, until


class Stream:
    """An open stream of a browser: the events so far, as (name, data, id)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any, str]] = []
        self.status = 0
        self.ended = False

    def named(self, name: str) -> list[Any]:
        return [data for event, data, _ in self.events if event == name]

    def last_id(self) -> str:
        return next(id for _, _, id in reversed(self.events) if id)

    def read(self, answer: httpx.Response) -> None:
        self.status = answer.status_code
        fields: dict[str, str] = {}
        try:
            for line in answer.iter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "event" in fields:
                    data = json.loads(fields["data"])
                    self.events.append((fields["event"], data, fields.get("id", "")))
                    fields = {}
                else:
                    fields = {}
        except httpx.HTTPError:
            pass
        self.ended = True


@contextmanager
def following(browser: httpx.Client, last: str | None = None) -> Iterator[Stream]:
    """A stream for the length of a block."""
    stream = Stream()
    headers = {"Last-Event-ID": last} if last else {}
    with browser.stream("GET", "/v1/me/notifications/stream", headers=headers) as answer:
        reader = threading.Thread(target=stream.read, args=(answer,), daemon=True)
        reader.start()
        yield stream
        answer.close()


def browser_by(hanse: Hanse, link: str) -> httpx.Client:
    browser = hanse.client()
    browser.headers["Sec-Fetch-Site"] = "same-origin"
    token = link.rpartition("/")[2].strip()
    answer = browser.post("/v1/auth/link", json={"token": token})
    assert answer.status_code == 200, answer.text
    return browser


@pytest.fixture(scope="module")
def owner(hanse: Hanse) -> httpx.Client:
    return browser_by(hanse, hanse.command("user", "link", "owner@localhost").stdout)


class Ana:
    """Somebody new, whom the owner can tell something by putting them into a new group."""

    def __init__(self, hanse: Hanse, owner: httpx.Client) -> None:
        name = f"ana-{time.time_ns()}"
        body = {"email": f"{name}@example.org", "name": "Ana", "invite": True}
        made = owner.post("/v1/people", json=body).json()
        self.id = made["id"]
        self.owner = owner
        self.browser = browser_by(hanse, made["sign_in_link"]["url"])

    def tell(self, what: str) -> None:
        group = self.owner.post("/v1/groups", json={"name": f"{what} {time.time_ns()}"}).json()
        added = self.owner.put(f"/v1/groups/{group['id']}/members/{self.id}", json={})
        assert added.status_code < 300, added.text


@pytest.fixture
def ana(hanse: Hanse, owner: httpx.Client) -> Ana:
    return Ana(hanse, owner)


def test_what_happens_is_told_at_once_and_what_was_missed_after_a_reconnect(ana: Ana) -> None:
    with following(ana.browser) as stream:
        until(lambda: stream.named("counts"), what="the counts at the start")
        assert stream.events[0] == ("counts", {"unread": 0}, "0")
        started = time.monotonic()
        ana.tell("Lisboa")
        until(lambda: stream.named("notification"), seconds=10, what="the notification")
        assert time.monotonic() - started < 5, "by the bell, not by looking now and then"
        until(lambda: len(stream.named("counts")) == 2, what="the counts after it")
        assert stream.named("counts")[-1] == {"unread": 1}
        seen = stream.named("notification")[0]
        last = stream.last_id()
    assert seen["facts"]["group"].startswith("Lisboa")

    ana.tell("Porto")
    until(lambda: ana.browser.get("/v1/me/notifications/counts").json() == {"unread": 2})
    with following(ana.browser, last) as stream:
        until(lambda: stream.named("counts"), what="the counts after what was missed")
        (missed,) = stream.named("notification")
        assert missed["facts"]["group"].startswith("Porto")
        # Read in another tab.
        path = f"/v1/me/notifications/{missed['id']}"
        ana.browser.patch(path, json={"read": True}).raise_for_status()
        until(lambda: len(stream.named("notification")) == 2, what="that it was read")
        assert stream.named("notification")[-1]["read_at"] is not None
        until(lambda: stream.named("counts")[-1] == {"unread": 1}, what="the count")


def test_an_id_of_another_database_starts_anew(ana: Ana) -> None:
    with following(ana.browser, "999") as stream:
        until(lambda: stream.named("counts"), what="the counts")
        assert [event for event, _, _ in stream.events] == ["reset", "counts"]
    for wrong in ("x", "-1", "9" * 30):
        answer = ana.browser.get("/v1/me/notifications/stream", headers={"Last-Event-ID": wrong})
        assert answer.json()["code"] == "invalid_event_id"


def test_a_stream_ends_with_its_session(ana: Ana) -> None:
    with following(ana.browser) as stream:
        until(lambda: stream.named("counts"), what="the counts")
        ana.browser.delete("/v1/auth/session").raise_for_status()
        ana.tell("Faro")
        until(lambda: stream.ended, seconds=10, what="the end")
        assert stream.named("notification") == []
    assert ana.browser.get("/v1/me/notifications/stream").status_code in (401, 403)


def test_somebody_has_a_limited_number_of_streams(ana: Ana) -> None:
    with httpx.Client(base_url=ana.browser.base_url, timeout=20) as browser:
        browser.cookies = ana.browser.cookies
        request = browser.build_request("GET", "/v1/me/notifications/stream")
        answers, lines = [], []
        for _ in range(STREAMS_PER_PERSON_MAX + 1):
            answers.append(browser.send(request, stream=True))
            # What is read from is kept: a reader that is dropped closes its connection.
            lines.append(answers[-1].iter_lines())
            next(lines[-1])
        assert [each.status_code for each in answers[:-1]] == [200] * STREAMS_PER_PERSON_MAX
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        for answer in answers:
            answer.close()

        def is_room() -> bool:
            again = browser.send(request, stream=True)
            again.close()
            return again.status_code == 200

        until(is_room, what="room, now that they are closed")
