"""Links of messages: what is taken from the pages behind them, and where nobody is sent."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given, strategies

from hanse.chat.annotations import SUBJECT, Previews, decoded
from hanse.chat.log.appender import Appender
from hanse.chat.previews.model import LINKS_MAX, Page, Previewed, links_of, redirected
from hanse.chat.previews.page import page_of
from hanse.chat.previews.previewer import Previewer, previews_of, register_previews
from hanse.platform.bus import Bus
from hanse.platform.database import Db
from hanse.platform.job_worker import run_jobs
from hanse.platform.jobs import Jobs
from hanse.platform.outbound import OutboundClient, parse_rules
from tests.chat.conftest import Person, person_of
from tests.chat.test_append import message
from tests.eventing import followed, going, until
from tests.identity.conftest import House, Tenant
from tests.receiving import Receiver, Reply, receiving

HTML = (("Content-Type", "text/html; charset=utf-8"),)
PAGE = b"""<!doctype html><html><head><title>Plain</title>
<meta property="og:title" content="The &lt;b&gt;harbour&lt;/b&gt;"><meta name="description"
content="  Ships \n come\xe2\x80\xae in. "><meta property="og:site_name" content="Port"></head>"""


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://a.example/x.", ["https://a.example/x"]),
        (
            "(https://a.example/w_(b)) and HTTPS://B.example!",
            ["https://a.example/w_(b)", "HTTPS://B.example"],
        ),
        (
            "`https://a.example` ```\nhttps://b.example\n``` https://c.example",
            ["https://c.example"],
        ),
        ("https://a.example https://a.example", ["https://a.example"]),
        ("https://ana:secret@a.example/ ftp://b.example http://[", []),
        ("voir https://a.example/é?x=1&y=2#z", ["https://a.example/é?x=1&y=2#z"]),
        ("https://a.example。", ["https://a.example"]),
    ],
)
def test_links_are_found_as_people_write_them(text: str, links: list[str]) -> None:
    assert links_of(text) == links


@given(strategies.text(alphabet="https://a.b@[]()`.,# \n"))
def test_any_text_has_few_links_that_stand_in_it(text: str) -> None:
    found = links_of(text)
    assert len(found) <= LINKS_MAX
    assert all(each in text for each in found)


def test_a_page_gives_words_and_nothing_else() -> None:
    assert page_of(PAGE, "utf-8") == Page(
        title="The <b>harbour</b>", description="Ships come in.", site_name="Port"
    )
    plain = page_of("<title>Gr\u00fc\u00dfe</title>".encode("latin-1"), "iso-8859-1")
    assert plain is not None
    assert plain.title == "Grüße"
    for body in (b"", b"<p>no title", b"\0\xff", b"<" * 10_000, b"<title> </title>"):
        assert page_of(body, "no-such-charset") is None
    long = page_of(b"<title>" + b"a" * 5000, None)
    assert long is not None
    assert len(long.title) == 200


def test_a_redirect_leads_to_the_web_or_nowhere() -> None:
    assert redirected("https://a.example/x/", "../y#z") == "https://a.example/y"
    for location in (
        "file:///etc/passwd",
        "gopher://a.example",
        "https://u:p@a.example",
        "http://[",
    ):
        assert redirected("https://a.example", location) is None


class Previewing:
    """People who send links, and what was told about them."""

    def __init__(self, appender: Appender, told: list[Previewed], web: Receiver) -> None:
        self.appender = appender
        self.told = told
        self.web = web

    async def send(self, tenant: Tenant, room: str, who: Person, text: str) -> int:
        return (await self.appender.append(tenant.id, message(room, who.id, text))).number

    async def told_of(self, room: str, number: int) -> Previewed:
        async def found() -> Previewed | None:
            key = (UUID(room), number)
            return next((t for t in self.told if (t.room_id, t.number) == key), None)

        told: Previewed = await until(found, f"previews of {number}")
        return told


@pytest.fixture(scope="module")
def web() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
async def previewing(
    house: House, bus: Bus, nats_url: str, web: Receiver
) -> AsyncIterator[Previewing]:
    told: list[Previewed] = []

    async def hear(heard: Any) -> None:
        annotation = decoded(heard.data)
        assert isinstance(annotation, Previews)
        told.append(annotation.previewed)

    listening = await bus.subscribe(SUBJECT, hear)
    jobs_url = house.database.url("hanse_jobs")
    db = await Db.open(jobs_url)
    outbound = OutboundClient(parse_rules(web.place, allow_http=True))
    jobs = Jobs()
    consumers = previews_of(Previewer(db, bus, outbound), jobs)
    relay_url = house.database.url("hanse_relay")
    async with (
        followed(relay_url, nats_url, consumers, db),
        going(lambda stop: run_jobs(jobs, jobs_url, stop)),
    ):
        yield Previewing(Appender(house.db, bus), told, web)
    await outbound.close()
    await bus.unsubscribe(listening)
    await db.close()


async def test_a_page_is_fetched_once_and_shown_to_all(
    previewing: Previewing, tenant: Tenant, ana: Person, ben: Person
) -> None:
    web = previewing.web
    web.replies["/moved"] = lambda _: Reply(302, (("Location", "/harbour"),))
    web.replies["/harbour"] = lambda _: Reply(200, HTML, PAGE)
    room = await ana.channel(member_ids=[str(ben.id)])
    link = f"{web.url}/moved"
    first = await previewing.send(tenant, room, ana, f"Look: {link}.")
    told = await previewing.told_of(room, first)
    [preview] = told.previews
    assert (preview.url, preview.title, preview.site_name) == (link, "The <b>harbour</b>", "Port")
    second = await previewing.send(tenant, room, ben, f"{link}#part is nice")
    await previewing.told_of(room, second)
    assert (len(web.at("/moved")), len(web.at("/harbour"))) == (1, 1)
    assert "cookie" not in web.at("/harbour")[0].headers
    page = await ben.ask("GET", f"/rooms/{room}/messages")
    shown = {each["number"]: each["previews"][0]["url"] for each in page["previews"]}
    assert shown == {first: link, second: f"{link}#part"}
    await ana.send(room, "Never mind", kind="edit", target=first)
    await ben.send(room, kind="delete", target=second)
    assert (await ben.ask("GET", f"/rooms/{room}/messages"))["previews"] == []


async def test_what_leads_inside_or_shows_nothing_is_asked_once_and_not_shown(
    house: House, previewing: Previewing, tenant: Tenant, ana: Person
) -> None:
    web = previewing.web
    inside = "http://169.254.169.254/latest/meta-data"
    other = f"http://127.0.0.1:{web.port + 1}/"
    web.replies["/inside"] = lambda _: Reply(302, (("Location", inside),))
    web.replies["/picture"] = lambda _: Reply(200, (("Content-Type", "image/png"),), PAGE)
    web.replies["/gone"] = lambda _: Reply(404, HTML, PAGE)
    web.replies["/loop"] = lambda _: Reply(302, (("Location", "/loop"),))
    room = await ana.channel()
    paths = ("/inside", "/picture", "/gone", "/loop")
    for _ in range(2):
        for path in paths:
            await previewing.send(tenant, room, ana, f"{web.url}{path}")
        await previewing.send(tenant, room, ana, f"{inside} {other}")
        web.replies["/last"] = lambda _: Reply(200, HTML, PAGE)
        last = await previewing.send(tenant, room, ana, f"{web.url}/last")
        await previewing.told_of(room, last)

        async def all_done() -> bool:
            async with house.db.tx(tenant.id) as tx:
                sql = "select count(*) from chat.link_pages where title is null"
                return bool(await tx.fetchval(sql) >= len(paths) + 2)

        await until(all_done, "every link was looked at")
    assert [len(web.at(path)) for path in paths] == [1, 1, 1, 4]
    page = await ana.ask("GET", f"/rooms/{room}/messages")
    assert {each["previews"][0]["url"] for each in page["previews"]} == {f"{web.url}/last"}


async def test_a_room_can_do_without_and_members_do_not_decide(
    house: House, previewing: Previewing, tenant: Tenant, ana: Person, ben: Person
) -> None:
    web = previewing.web
    web.replies["/quiet"] = lambda _: Reply(200, HTML, PAGE)
    room = await ana.channel(member_ids=[str(ben.id)])
    await ben.ask("PATCH", f"/rooms/{room}", {"has_link_previews": False}, 403)
    changed = await ana.ask("PATCH", f"/rooms/{room}", {"has_link_previews": False})
    assert changed["has_link_previews"] is False
    await previewing.send(tenant, room, ana, f"{web.url}/quiet")
    elsewhere = await ana.channel()
    web.replies["/loud"] = lambda _: Reply(200, HTML, PAGE)
    number = await previewing.send(tenant, elsewhere, ana, f"{web.url}/loud")
    await previewing.told_of(elsewhere, number)
    assert web.at("/quiet") == []


async def test_what_one_organisation_fetched_is_not_shown_to_another(
    house: House, previewing: Previewing, tenant: Tenant, ana: Person
) -> None:
    web = previewing.web
    web.replies["/ours"] = lambda _: Reply(200, HTML, PAGE)
    room = await ana.channel()
    await previewing.told_of(room, await previewing.send(tenant, room, ana, f"{web.url}/ours"))
    web.replies["/ours"] = lambda _: Reply(404)
    other = await house.organisation("Elsewhere")
    eva = await person_of(other)
    theirs = await eva.channel()
    await eva.send(theirs, f"{web.url}/ours")
    assert (await eva.ask("GET", f"/rooms/{theirs}/messages"))["previews"] == []
    owner = await asyncpg.connect(house.database.url("hanse"))
    await owner.execute("update chat.link_pages set expires_at = now() - interval '1 s'")
    jobs = Jobs()
    register_previews(jobs)
    db = await Db.open(house.database.url("hanse_jobs"))
    async with db.system_tx() as tx:
        await jobs.tasks["chat.purge_previews"].handler(tx, None)
    assert await owner.fetchval("select count(*) from chat.link_pages") == 0
    await db.close()
    await owner.close()
