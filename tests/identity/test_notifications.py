"""From an announcement to inboxes, letters and browsers, through the API and the real jobs."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from hanse import identity
from hanse.identity import Kind, Role, notify
from hanse.identity.notifications.kinds import ADDED_TO_GROUP
from hanse.language.documents.kinds import DOCUMENT_FAILED, DOCUMENT_FINISHED
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs
from hanse.server.notices import register_jobs
from hanse.server.settings import Settings
from tests.eventing import count_jobs, going, until
from tests.identity.conftest import House, Tenant
from tests.identity.outside import Browser, MailServer, browser_push, mail_server, text_of

QUICK = WorkerLimits(poll_s=0.02, tick_s=60.0, lease_s=1000.0)
# A job in work is due again when its lease ends.
DUE_OR_RUNNING = """
held_at is null and name like 'identity.%' and (
    due_at <= now() + interval '1 second'
    or (attempts > 0 and due_at between now() + interval '900 s' and now() + interval '1000 s')
)
"""


class Post:
    """An application with mail and push set up, its jobs, and the servers that they write to."""

    def __init__(self, house: House, mail: MailServer, browser: Browser, tenant: Tenant) -> None:
        self.house = house
        self.mail = mail
        self.browser = browser
        self.tenant = tenant
        self.given: dict[str, Any] = {
            "smtp_url": mail.url,
            "mail_from": "Hanse <hanse@hanse.example>",
            "push_services": "127.0.0.1",
        }
        self.app = house.build(**self.given)
        self.jobs = Jobs()
        self.push = register_jobs(self.jobs, Settings(home=house.home, **self.given))

    async def person(self, **settings: Any) -> tuple[UUID, httpx.AsyncClient]:
        """Somebody new with these settings, and their browser."""
        id = await self.tenant.person()
        client = await self.sign_in(id)
        if settings:
            answer = await client.patch("/v1/me", json=settings)
            assert answer.status_code == 200, answer.text
        return id, client

    async def sign_in(self, id: UUID) -> httpx.AsyncClient:
        """A browser of somebody, on a device of its own."""
        async with self.house.db.tx(self.tenant.id) as tx:
            token = await identity.create_sign_in_link(tx, self.tenant.operator, id)
        client = self.house.browser(self.app)
        answer = await client.post("/v1/auth/link", json={"token": token})
        assert answer.status_code == 200, answer.text
        return client

    async def tell(self, kind: Kind, *people: UUID, link: str | None = None, **facts: str) -> None:
        """Announce something."""
        async with self.house.db.tx(self.tenant.id) as tx:
            await notify(tx, people, kind, facts, link)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """The jobs run for the length of the block."""
        url = self.house.database.url("hanse_jobs")
        async with going(lambda stop: run_jobs(self.jobs, url, stop, limits=QUICK)):
            yield

    async def work(self) -> None:
        """Let all jobs that are due come to their end."""
        db = await self.jobs_db()
        try:
            async with self.working():

                async def nothing_to_do() -> bool:
                    return await count_jobs(db, DUE_OR_RUNNING) == 0

                await until(nothing_to_do, "the jobs that are due come to an end")
        finally:
            await db.close()

    async def jobs_db(self) -> Any:
        from hanse.platform.database import Db

        return await Db.open(self.house.database.url("hanse_jobs"), size_max=1)

    async def query(self, sql: str, *args: Any) -> list[Any]:
        """Ask the database itself, past row-level security."""
        owner = await asyncpg.connect(self.house.database.url("hanse"))
        try:
            return await owner.fetch(sql, *args)
        finally:
            await owner.close()

    async def hours_pass(self) -> None:
        """Whatever waits is due: what was planned for later comes now."""
        await self.query(
            "update identity.notification_deliveries set due_at = now() where state = 'waiting'"
        )
        await self.query("update queue.jobs set due_at = now() where held_at is null")

    async def states(self, person: UUID) -> list[str]:
        """What came of what was to be sent to somebody."""
        rows = await self.query(
            "select state from identity.notification_deliveries where person_id = $1", person
        )
        return sorted(row["state"] for row in rows)


@pytest.fixture(scope="module")
async def post(house: House) -> AsyncIterator[Post]:
    tenant = await house.organisation("Aldeia")
    async with mail_server() as mail, browser_push() as browser:
        post = Post(house, mail, browser, tenant)
        yield post
        assert post.push is not None
        await post.push.close()


async def inbox(client: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/me/notifications{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def unread(client: httpx.AsyncClient) -> int:
    return int((await client.get("/v1/me/notifications/counts")).json()["unread"])


async def choose(client: httpx.AsyncClient, kind: Kind, **choice: Any) -> dict[str, Any]:
    body = {"kinds": [{"kind": kind.name, **choice}]}
    answer = await client.patch("/v1/me/notification-preferences", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def address_of(client: httpx.AsyncClient) -> str:
    return str((await client.get("/v1/me")).json()["person"]["email"])


async def test_what_is_announced_is_in_the_inbox_in_ones_language(post: Post) -> None:
    ana, client = await post.person(locale="pt-BR")
    _bob, other = await post.person()
    await post.tell(DOCUMENT_FINISHED, ana, link="/translate/documents", filename="carta.docx")
    await post.work()
    (item,) = await inbox(client)
    assert item["title"] == "“carta.docx” está traduzido"
    assert item["link"] == "/translate/documents"
    assert item["facts"] == {"filename": "carta.docx"}
    assert item["count"] == 1
    assert item["read_at"] is None
    assert await unread(client) == 1
    assert await inbox(other) == []
    assert (
        await other.patch(f"/v1/me/notifications/{item['id']}", json={"read": True})
    ).status_code == 404


async def test_an_announcement_that_is_rolled_back_was_never_made(post: Post) -> None:
    ana, client = await post.person()
    with pytest.raises(RuntimeError):
        async with post.house.db.tx(post.tenant.id) as tx:
            await notify(tx, [ana], DOCUMENT_FINISHED, {"filename": "a.txt"})
            raise RuntimeError
    await post.work()
    assert await inbox(client) == []


async def test_many_are_told_once_each_and_nobody_who_cannot_sign_in(post: Post) -> None:
    people = [await post.tenant.person() for _ in range(3)]
    program = await post.tenant.person(Role.SERVICE)
    await post.tell(ADDED_TO_GROUP, *people, *people, program, uuid4(), group="A", by="B")
    await post.work()
    rows = await post.query(
        "select person_id from identity.notifications where person_id = any($1)",
        [*people, program],
    )
    assert sorted(row["person_id"] for row in rows) == sorted(people)


async def test_reading_is_marked_taken_back_and_done_for_all(post: Post) -> None:
    ana, client = await post.person()
    for group in "abcde":
        await post.tell(ADDED_TO_GROUP, ana, group=group, by="Bob")
        await post.work()
    items = await inbox(client)
    assert [item["facts"]["group"] for item in items] == list("edcba"), "newest first"
    path = f"/v1/me/notifications/{items[4]['id']}"
    assert (await client.patch(path, json={"read": True})).json()["read_at"] is not None
    assert await unread(client) == 4
    assert (await client.patch(path, json={"read": False})).json()["read_at"] is None
    through = {"through": items[1]["id"]}
    answer = await client.post("/v1/me/notifications/read", json=through)
    assert answer.json() == {"unread": 1}, "the one that came after what was seen"
    assert [item["id"] for item in await inbox(client, "?unread=true")] == [items[0]["id"]]
    assert (await client.post("/v1/me/notifications/read", json={})).json() == {"unread": 0}
    assert [item["id"] for item in await inbox(client)] == [item["id"] for item in items]


async def test_an_inbox_is_read_page_by_page(post: Post) -> None:
    ana, client = await post.person()
    for number in range(5):
        await post.tell(ADDED_TO_GROUP, ana, group=str(number), by="Bob")
        await post.work()
    found: list[str] = []
    cursor = ""
    while True:
        page = (await client.get(f"/v1/me/notifications?limit=2{cursor}")).json()
        found += [item["facts"]["group"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert found == list("43210")
    for wrong in ("x", "////////////////////AA=="):
        answer = await client.get("/v1/me/notifications", params={"cursor": wrong})
        assert answer.json()["code"] == "invalid_cursor"


async def test_an_api_key_has_no_inbox(post: Post) -> None:
    owner = await post.tenant.signed_in(Role.OWNER)
    secret = (await owner.post("/v1/api-keys", json={"name": "k"})).json()["secret"]
    machine = post.house.browser(post.app)
    machine.headers["Authorization"] = f"Bearer {secret}"
    for path in ("notifications", "notifications/counts", "notifications/stream",
                 "notification-preferences", "push-subscriptions"):  # fmt: skip
        answer = await machine.get(f"/v1/me/{path}")
        assert answer.json()["code"] == "person_required", path


async def test_several_of_one_kind_are_one_until_it_is_read(post: Post) -> None:
    ana, client = await post.person(locale="de")
    for name in ("a.txt", "b.txt", "c.txt"):
        await post.tell(DOCUMENT_FINISHED, ana, filename=name)
        await post.work()
    (item,) = await inbox(client)
    assert (item["count"], item["title"]) == (3, "3 Dokumente sind übersetzt")
    assert item["body"] == "Das letzte ist „c.txt“."
    assert item["updated_at"] > item["created_at"]
    await client.post("/v1/me/notifications/read", json={})
    await post.tell(DOCUMENT_FINISHED, ana, filename="d.txt")
    await post.tell(DOCUMENT_FAILED, ana, filename="e.txt", reason="Invalid file.")
    await post.work()
    counts = {item["kind"]: item["count"] for item in await inbox(client, "?unread=true")}
    assert counts == {DOCUMENT_FINISHED.name: 1, DOCUMENT_FAILED.name: 1}


async def test_what_is_turned_off_is_not_shown_nor_sent(post: Post) -> None:
    ana, client = await post.person()
    await choose(client, ADDED_TO_GROUP, in_app=False, email="off")
    await post.tell(ADDED_TO_GROUP, ana, group="A", by="Bob")
    await post.hours_pass()
    await post.work()
    assert await inbox(client) == []
    assert await unread(client) == 0
    assert post.mail.to(await address_of(client)) == []


async def test_an_e_mail_at_once_says_what_the_inbox_says(post: Post) -> None:
    ana, client = await post.person(locale="de")
    await choose(client, DOCUMENT_FINISHED, email="now")
    await post.tell(DOCUMENT_FINISHED, ana, link="/translate/documents", filename="<Brief>.docx")
    await post.work()
    (letter,) = post.mail.to(await address_of(client))
    assert letter["Subject"] == "„<Brief>.docx“ ist übersetzt"
    assert "Hallo Ana Souza," in text_of(letter)
    assert "http://localhost:8080/translate/documents" in text_of(letter)
    assert "&lt;Brief&gt;.docx" in text_of(letter, "html")
    assert letter["List-Unsubscribe"] is None
    assert await post.states(ana) == ["sent"]


async def test_of_many_at_once_the_first_is_mailed_and_the_rest_together_later(post: Post) -> None:
    ana, client = await post.person()
    await choose(client, DOCUMENT_FINISHED, email="now")
    for number in range(4):
        await post.tell(DOCUMENT_FINISHED, ana, filename=f"{number}.txt")
        await post.work()
    assert len(post.mail.to(await address_of(client))) == 1
    await post.hours_pass()
    await post.work()
    first, second = post.mail.to(await address_of(client))
    assert first["Subject"] == "“0.txt” is translated"
    assert second["Subject"] == "4 documents are translated"


async def test_what_comes_while_a_letter_is_on_its_way_is_in_the_next(post: Post) -> None:
    ana, client = await post.person()
    await choose(client, DOCUMENT_FINISHED, email="now")
    await post.tell(DOCUMENT_FINISHED, ana, filename="a.txt")
    post.mail.delay_s, before = 1.0, post.mail.begun

    async def on_its_way() -> bool:
        return post.mail.begun > before

    async def added() -> bool:
        return [item["count"] for item in await inbox(client)] == [2]

    async with post.working():
        await until(on_its_way, "the letter is on its way")
        await post.tell(DOCUMENT_FINISHED, ana, filename="b.txt")
        await until(added, "the second is in the inbox, which waits for no mail server")
        assert post.mail.to(await address_of(client)) == []
    post.mail.delay_s = 0.0
    await post.hours_pass()
    await post.work()
    subjects = [letter["Subject"] for letter in post.mail.to(await address_of(client))]
    assert subjects == ["“a.txt” is translated", "2 documents are translated"]


async def test_a_digest_is_one_letter_and_can_be_stopped_by_its_link(post: Post) -> None:
    ana, client = await post.person()
    for kind in (ADDED_TO_GROUP, DOCUMENT_FAILED):
        await choose(client, kind, email="daily")
    for group in ("Lisboa", "Porto", "Faro"):
        await post.tell(ADDED_TO_GROUP, ana, group=group, by="Bob")
    await post.tell(DOCUMENT_FAILED, ana, filename="x.pdf", reason="Invalid file.")
    await post.work()
    address = await address_of(client)
    assert post.mail.to(address) == [], "it is not yet the hour"
    read = next(item for item in await inbox(client) if item["facts"].get("group") == "Faro")
    await client.patch(f"/v1/me/notifications/{read['id']}", json={"read": True})
    await post.hours_pass()
    await post.work()
    (letter,) = post.mail.to(address)
    assert letter["Subject"] == "3 pieces of news from Hanse"
    assert "Lisboa" in text_of(letter)
    assert "x.pdf" in text_of(letter)
    assert "Faro" not in text_of(letter), "it has been read"
    assert await post.states(ana) == ["sent", "sent", "sent", "skipped"]

    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = letter["List-Unsubscribe"].strip("<>")
    stranger = post.house.browser(post.app)
    del stranger.headers["Sec-Fetch-Site"]
    assert (await stranger.get(stop)).headers["location"] == "/account/notifications"
    kinds = (await client.get("/v1/me/notification-preferences")).json()["kinds"]
    assert "daily" in {each["email"] for each in kinds}, "looking at the link stops nothing"
    posted = await stranger.post(stop, data={"List-Unsubscribe": "One-Click"})
    assert posted.status_code == 200, posted.text
    kinds = (await client.get("/v1/me/notification-preferences")).json()["kinds"]
    assert {each["email"] for each in kinds} == {"off", "now"}
    forged = await stranger.post(stop[:-4] + "AAAA")
    assert forged.json()["code"] == "invalid_unsubscribe_link"


async def test_nothing_is_sent_to_who_is_not_to_be_disturbed(post: Post) -> None:
    ana, client = await post.person()
    until = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    path = "/v1/me/notification-preferences"
    answer = await client.patch(path, json={"do_not_disturb_until": until.isoformat()})
    assert datetime.fromisoformat(answer.json()["do_not_disturb_until"]) == until
    assert (await client.get(path)).json()["daily_hour"] == 8, "the rest stays"
    for wrong in ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "2030-01-01T00:00:00"):
        answer = await client.patch(path, json={"do_not_disturb_until": wrong})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_do_not_disturb")
    await choose(client, DOCUMENT_FINISHED, email="now")
    await post.tell(DOCUMENT_FINISHED, ana, filename="a.txt")
    await post.work()
    assert len(await inbox(client)) == 1, "the inbox has it at once"
    (row,) = await post.query(
        "select due_at from identity.notification_deliveries where person_id = $1", ana
    )
    assert row["due_at"] == until
    await post.hours_pass()
    await post.work()
    assert post.mail.to(await address_of(client)) == [], "it is still not the time"
    ended = await client.patch(path, json={"do_not_disturb_until": None})
    assert ended.json()["do_not_disturb_until"] is None
    await post.hours_pass()
    await post.work()
    assert len(post.mail.to(await address_of(client))) == 1


async def test_in_quiet_hours_it_waits_and_is_sent_after_them(post: Post) -> None:
    zone = "Asia/Kathmandu"
    ana, client = await post.person(time_zone=zone)
    local = datetime.now(ZoneInfo(zone))
    quiet = {
        "start": f"{local - timedelta(hours=2):%H:%M}",
        "end": f"{local + timedelta(hours=2):%H:%M}",
    }
    answer = await client.patch("/v1/me/notification-preferences", json={"quiet_hours": quiet})
    assert answer.json()["quiet_hours"] == quiet
    await choose(client, DOCUMENT_FINISHED, email="now")
    await post.tell(DOCUMENT_FINISHED, ana, filename="a.txt")
    await post.work()
    assert len(await inbox(client)) == 1, "the inbox does not ring"
    (row,) = await post.query(
        "select due_at from identity.notification_deliveries where person_id = $1", ana
    )
    due = row["due_at"].astimezone(ZoneInfo(zone))
    assert f"{due:%H:%M:%S}" == quiet["end"] + ":00"
    # The job comes too early, as after a change of habits: it is still quiet.
    await post.hours_pass()
    await post.work()
    assert post.mail.to(await address_of(client)) == []
    await client.patch("/v1/me/notification-preferences", json={"quiet_hours": None})
    await post.hours_pass()
    await post.work()
    assert len(post.mail.to(await address_of(client))) == 1


async def test_a_mail_server_that_is_away_is_waited_out(post: Post) -> None:
    ana, client = await post.person()
    await choose(client, DOCUMENT_FINISHED, email="now")
    post.mail.answer = "451 Come again"
    try:
        await post.tell(DOCUMENT_FINISHED, ana, filename="a.txt")
        await post.work()
    finally:
        post.mail.answer = None
    assert await post.states(ana) == ["waiting"]
    await post.hours_pass()
    await post.work()
    assert await post.states(ana) == ["sent"]
    assert len(post.mail.to(await address_of(client))) == 1


async def test_a_letter_that_is_refused_is_not_tried_again(post: Post) -> None:
    ana, client = await post.person()
    await choose(client, DOCUMENT_FINISHED, email="now")
    post.mail.answer = "550 No such person"
    try:
        await post.tell(DOCUMENT_FINISHED, ana, filename="a.txt")
        await post.work()
    finally:
        post.mail.answer = None
    assert await post.states(ana) == ["failed"]
    assert len(await inbox(client)) == 1


async def test_preferences_say_what_there_is_and_refuse_what_is_not(post: Post) -> None:
    _, client = await post.person(locale="fr")
    told = (await client.get("/v1/me/notification-preferences")).json()
    assert told["mail_available"] is True
    assert told["push_available"] is True
    assert told["daily_hour"] == 8
    by_kind = {each["kind"]: each for each in told["kinds"]}
    assert by_kind["identity.signed_in"]["security"] is True
    assert by_kind["language.document_failed"]["label"] == "Un document n’a pas pu être traduit"
    assert by_kind["language.document_failed"]["system"] == "language"
    for body, code in (
        ({"quiet_hours": {"start": "22:00", "end": "22:00"}}, "invalid_quiet_hours"),
        ({"quiet_hours": {"start": "24:00", "end": "22:00"}}, "bad_request"),
        ({"daily_hour": 24}, "bad_request"),
        ({"kinds": [{"kind": "no.such"}]}, "unknown_kind"),
        ({"kinds": [{"kind": "identity.signed_in", "in_app": False}]}, "always_shown"),
    ):
        answer = await client.patch("/v1/me/notification-preferences", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    plain = post.house.browser(post.house.build(push_services=""))
    plain.cookies = client.cookies
    told = (await plain.get("/v1/me/notification-preferences")).json()
    assert (told["mail_available"], told["push_available"]) == (False, False)
    assert told["push_public_key"] is None


async def test_a_browser_gets_what_only_it_can_read(post: Post) -> None:
    ana, client = await post.person(locale="es")
    made = await client.post("/v1/me/push-subscriptions", json=post.browser.subscription())
    assert made.status_code == 201, made.text
    again = await client.post("/v1/me/push-subscriptions", json=post.browser.subscription())
    assert again.json()["id"] == made.json()["id"]
    (shown,) = (await client.get("/v1/me/push-subscriptions")).json()
    assert (shown["service"], shown["is_current"]) == ("127.0.0.1", True)
    sealed = await post.query(
        "select sealed from identity.push_subscriptions where person_id = $1", ana
    )
    assert b"/push/1" not in sealed[0]["sealed"]

    await post.tell(DOCUMENT_FINISHED, ana, link="/translate/documents", filename="carta.docx")
    await post.work()
    (item,) = await inbox(client)
    got, headers = post.browser.got[-1], post.browser.headers[-1]
    assert got == {
        "id": item["id"],
        "kind": DOCUMENT_FINISHED.name,
        "title": "«carta.docx» está traducido",
        "body": "Ya puede descargarlo.",
        "link": "/translate/documents",
        "count": 1,
        "unread": 1,
    }
    assert headers["ttl"] == "86400"
    assert len(headers["topic"]) <= 32
    # RFC 8292: the key that the browser subscribed with signs for this service alone.
    token, key = headers["authorization"].removeprefix("vapid t=").split(", k=")
    told = (await client.get("/v1/me/notification-preferences")).json()
    assert key == told["push_public_key"]
    claims = jwt.decode(token, _public(key)).claims
    assert claims["aud"] == f"http://127.0.0.1:{post.browser.port}"
    assert claims["sub"].startswith("mailto:")
    assert time.time() < claims["exp"] <= time.time() + 24 * 3600


def _public(key: str) -> ECKey:
    import base64

    point = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    x, y = (
        base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (point[1:33], point[33:])
    )
    return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})


async def test_a_browser_that_is_gone_or_signed_out_is_not_written_to(post: Post) -> None:
    ana, client = await post.person()
    second = await post.sign_in(ana)
    for each, path in ((client, "/push/one"), (second, "/push/two")):
        subscription = post.browser.subscription(path)
        assert (await each.post("/v1/me/push-subscriptions", json=subscription)).status_code == 201
    before = len(post.browser.got)
    assert (await second.delete("/v1/auth/session")).status_code == 204
    await post.tell(DOCUMENT_FINISHED, ana, filename="a.txt")
    await post.work()
    kinds = [each["kind"] for each in post.browser.got[before:]]
    assert kinds.count(DOCUMENT_FINISHED.name) == 1
    post.browser.status = 410
    try:
        await post.tell(DOCUMENT_FAILED, ana, filename="a.txt", reason="-")
        await post.work()
    finally:
        post.browser.status = 201
    assert (await client.get("/v1/me/push-subscriptions")).json() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"endpoint": "https://evil.example/x"}, "push_service_not_allowed"),
        ({"endpoint": "http://169.254.169.254/x"}, "invalid_push_subscription"),
        ({"endpoint": "https://127.0.0.1@evil.example/x"}, "invalid_push_subscription"),
        ({"endpoint": "https://[::1"}, "invalid_push_subscription"),
        ({"endpoint": "file:///etc/passwd"}, "invalid_push_subscription"),
        (
            {"keys": {"p256dh": "AAAA", "auth": "c2l4dGVlbiBieXRlcy4uLg"}},
            "invalid_push_subscription",
        ),
    ],
)
async def test_only_push_services_that_the_operator_named_are_written_to(
    post: Post, change: dict[str, Any], code: str
) -> None:
    _, client = await post.person()
    body = {**post.browser.subscription(), **change}
    answer = await client.post("/v1/me/push-subscriptions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_ones_own_browsers_can_be_forgotten_and_others_not(post: Post) -> None:
    _, client = await post.person()
    _, other = await post.person()
    made = (await client.post("/v1/me/push-subscriptions", json=post.browser.subscription())).json()
    path = f"/v1/me/push-subscriptions/{made['id']}"
    assert (await other.delete(path)).status_code == 404
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 404


async def test_a_sign_in_on_a_new_device_is_told_even_in_quiet_hours(post: Post) -> None:
    ana, client = await post.person()
    quiet = {"quiet_hours": {"start": "00:00", "end": "23:59"}}
    await client.patch("/v1/me/notification-preferences", json=quiet)
    await post.work()
    assert await inbox(client) == [], "the first sign-in of all is no news"
    await post.sign_in(ana)
    await post.work()
    (item,) = await inbox(client)
    assert item["kind"] == "identity.signed_in"
    assert item["title"] == "New sign-in on Test browser"
    assert "192.0.2.1" in item["body"]
    assert len(post.mail.to(await address_of(client))) == 1

    # The same browser again: its cookie says that it was here.
    async with post.house.db.tx(post.tenant.id) as tx:
        token = await identity.create_sign_in_link(tx, post.tenant.operator, ana)
    assert (await client.post("/v1/auth/link", json={"token": token})).status_code == 200
    await post.work()
    assert len(await inbox(client)) == 1


async def test_being_added_to_a_group_is_told_by_people_not_by_programs(post: Post) -> None:
    ana, client = await post.person(locale="de")
    owner = await post.tenant.signed_in(Role.OWNER, name="Olga")
    group = (await owner.post("/v1/groups", json={"name": "Hafen"})).json()["id"]
    path = f"/v1/groups/{group}/members/{ana}"
    for manages in (False, True):
        answer = await owner.put(path, json={"is_manager": manages})
        assert answer.status_code < 300, answer.text
    await post.work()
    (item,) = await inbox(client)
    assert item["title"] == "Sie sind jetzt in Hafen"
    assert item["body"] == "Olga hat Sie in die Gruppe aufgenommen."


async def test_whoever_made_a_key_is_warned_before_it_expires(post: Post) -> None:
    ana, client = await post.person()
    await post.query("update identity.people set role = 'admin' where id = $1", ana)
    client = await post.sign_in(ana)
    await post.work()
    await client.post("/v1/me/notifications/read", json={})
    ends = datetime.now(UTC) + timedelta(days=30)
    keys = {}
    for name, days in (("long", 30), ("short", 1), ("revoked", 30)):
        until_ = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        made = await client.post("/v1/api-keys", json={"name": name, "expires_at": until_})
        keys[name] = made.json()["key"]["id"]
    await client.delete(f"/v1/api-keys/{keys['revoked']}")
    (job,) = await post.query(
        "select due_at from queue.jobs where name = 'identity.warn_of_expiry' and key = $1",
        keys["long"],
    )
    assert abs(ends - timedelta(days=7) - job["due_at"]) < timedelta(minutes=1)
    await post.hours_pass()
    await post.work()
    (item,) = await inbox(client, "?unread=true")
    assert item["facts"]["key"] == "long"
    assert item["facts"]["day"] == ends.date().isoformat()


async def test_a_sign_in_link_goes_by_mail_and_waits_sealed(post: Post) -> None:
    _, client = await post.person(locale="pt")
    address = await address_of(client)
    visitor = post.house.browser(post.app)
    assert (await visitor.post("/v1/auth/links", json={"email": address})).status_code == 204
    (job,) = await post.query(
        "select payload::text from queue.jobs where name = 'identity.send_letter'"
    )
    assert "sign-in" not in job["payload"], "who reads the queue must not be let in"
    await post.work()
    (letter,) = post.mail.to(address)
    assert letter["Subject"] == "Seu link de acesso a Aldeia"
    token = text_of(letter).partition("/sign-in/")[2].split()[0]
    answer = await visitor.post("/v1/auth/link", json={"token": token})
    assert answer.status_code == 200, answer.text


async def test_an_invitation_goes_by_mail_in_the_language_of_who_invites(post: Post) -> None:
    id = await post.tenant.person(Role.OWNER)
    owner = await post.sign_in(id)
    await owner.patch("/v1/me", json={"locale": "fr"})
    body = {"email": "rui@example.org", "name": "Rui", "invite": True}
    made = (await owner.post("/v1/people", json=body)).json()
    assert made["invitation_mailed"] is True
    await post.work()
    (letter,) = post.mail.to("rui@example.org")
    assert letter["Subject"] == "Votre invitation à Aldeia"
    assert made["sign_in_link"]["url"] in text_of(letter)
