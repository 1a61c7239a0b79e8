"""History comes in from elsewhere and goes out again, whole and once."""

import asyncio
import io
import json
import sys
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.chat.files.examining import FileRules
from hanse.chat.log.model import Draft, Kind
from hanse.chat.log.rules import TEXT_CHARACTERS_MAX, check_form
from hanse.chat.porting.archive import opened
from hanse.chat.porting.cleaning import cleaned
from hanse.chat.porting.emojis import character
from hanse.chat.porting.face import export_chat, import_chat, index_missing
from hanse.chat.porting.model import Entry, InvalidExport, Skipped
from hanse.chat.porting.mrkdwn import converted
from hanse.chat.porting.planning import Fate, Report
from hanse.chat.search.events import IndexingWanted
from hanse.identity import Role
from tests.chat import porting_samples as samples
from tests.chat.conftest import Person, person_of
from tests.identity.conftest import House, Tenant

RULES = FileRules(10_000_000, "")


class Porter:
    """An operator at the command line, in an organisation of its own, and Ana, who is in it."""

    def __init__(self, house: House, tenant: Tenant, ana: Person, email: str) -> None:
        self.db = house.db
        self.house = house
        self.tenant = tenant
        self.ana = ana
        self.email = email

    async def bring_in(self, path: Path, **more: Any) -> Report:
        """Import a file."""
        return await import_chat(self.db, self.tenant.operator, path, RULES, **more)

    async def rooms(self) -> dict[str, Any]:
        """Ana's rooms by name, the direct one as `direct`."""
        rooms = (await self.ana.ask("GET", "/rooms"))["items"]
        return {each["name"] or each["kind"]: each for each in rooms}

    async def events(self) -> list[Any]:
        """All that stands in the logs."""
        async with self.db.tx(self.tenant.id) as tx:
            return await tx.fetch(
                "select room_id, number, sender_id, kind, client_key, created_at from chat.events"
                " order by room_id, number"
            )

    async def announced(self) -> list[tuple[str, Any]]:
        """Type and data of what was announced of the organisation, which the owner alone reads."""
        connection = await asyncpg.connect(self.house.database.url("hanse"))
        try:
            rows = await connection.fetch(
                "select type, payload from platform.outbox where organisation_id = $1 order by seq",
                self.tenant.id,
            )
        finally:
            await connection.close()
        return [(row["type"], json.loads(row["payload"])) for row in rows]

    async def wanted(self) -> list[tuple[UUID, int]]:
        """Messages that the index was asked for."""
        stretches = [
            each
            for type, payload in await self.announced()
            if type == IndexingWanted.type
            for each in payload["stretches"]
        ]
        return [
            (UUID(each["room_id"]), number)
            for each in stretches
            for number in range(each["first"], each["last"] + 1)
        ]


async def porter_of(house: House, name: str) -> Porter:
    tenant = await house.organisation(name)
    email = f"ana@{name.lower()}.example"
    id = await tenant.person(email=email, name="Ana")
    ana = Person(id, await tenant.signed_in(person_id=id))
    await person_of(tenant, role=Role.OWNER, name="Olga")
    return Porter(house, tenant, ana, email)


async def test_a_dry_run_says_what_would_be_made_and_makes_nothing(
    house: House, tmp_path: Path
) -> None:
    porter = await porter_of(house, "Dry")
    report = await porter.bring_in(samples.slack(tmp_path / "s.zip", porter.email), is_dry_run=True)
    fates = {each.name: each.fate for each in report.rooms}
    assert fates == {
        "general": Fate.PUBLIC,
        "old": Fate.PUBLIC,
        "secret": Fate.UNSEEN,
        "Ana, Zoe Zimmer": Fate.DIRECT,
    }
    assert report.source == "slack:T1"
    assert list(report.matched) == ["U1"]
    assert report.departed == 3
    totals = report.totals()
    assert (totals["message"], totals["thread"], totals["file"]) == (5, 1, 1)
    assert (totals["edit"], totals["reaction"], totals["pin"]) == (1, 2, 1)
    assert report.skipped["events of rooms in which nobody here was"] == 1
    assert await porter.events() == []
    assert await porter.rooms() == {}


async def test_a_workspace_of_slack_is_found_in_the_chat(house: House, tmp_path: Path) -> None:
    porter = await porter_of(house, "Slack")
    await porter.bring_in(samples.slack(tmp_path / "s.zip", porter.email))
    ana = porter.ana
    rooms = await porter.rooms()
    assert set(rooms) == {"general", "old", "direct"}
    assert rooms["general"]["is_public"]
    assert rooms["general"]["unread"] == rooms["direct"]["unread"] == 0
    assert rooms["old"]["is_archived"]
    assert rooms["general"]["description"] == "What all need to know\nAll of us"
    hello, which, sunny = await ana.messages(rooms["general"]["id"])
    assert hello["text"] == "**Hello** @Ana & @here, see [the plan](https://hanse.example/a) 🎉"
    assert hello["mentions"] == [str(ana.id)]
    assert hello["created_at"] == "2023-11-14T22:13:20.000100Z"
    assert hello["edited_at"] == "2023-11-14T22:13:40Z"
    assert hello["is_pinned"]
    [reaction] = hello["reactions"]
    assert reaction["emoji"] == "👍"
    assert reaction["member_ids"][0] == str(ana.id)
    assert which["thread"] == hello["number"]
    assert which["text"] == "Which `*plan*`?"
    assert which["sender_id"] == str(ana.id)
    assert sunny["text"] == "Sunny\n\n[map.pdf](<https://files.example/map>)"
    [file] = sunny["files"]
    assert (file["name"], file["media_type"], file["width"]) == ("sun.png", "image/png", 8)
    got = await ana.browser.get(f"/v1/rooms/{rooms['general']['id']}/files/{file['id']}/content")
    assert got.content == samples.picture()
    [only] = await ana.messages(rooms["direct"]["id"])
    assert only["text"] == "Just us two"


async def test_who_is_not_here_has_a_name_and_no_way_in(house: House, tmp_path: Path) -> None:
    porter = await porter_of(house, "Names")
    await porter.bring_in(samples.slack(tmp_path / "s.zip", porter.email))
    rooms = await porter.rooms()
    hello = (await porter.ana.messages(rooms["general"]["id"]))[0]
    async with house.db.tx(porter.tenant.id) as tx:
        row = await tx.fetchrow(
            "select name, status, email from identity.people where id = $1",
            UUID(hello["sender_id"]),
        )
        terms = await tx.fetchval(
            "select count(*) from identity.people_terms where person_id = $1",
            UUID(hello["sender_id"]),
        )
    assert (row["name"], row["status"], terms) == ("Zoe Zimmer", "removed", 0)
    assert row["email"].endswith("@removed.invalid")


async def test_the_same_export_again_brings_nothing_twice(house: House, tmp_path: Path) -> None:
    porter = await porter_of(house, "Twice")
    path = samples.slack(tmp_path / "s.zip", porter.email)
    await porter.bring_in(path)
    before = await porter.events()
    await porter.bring_in(path)
    assert await porter.events() == before
    newer = samples.slack(tmp_path / "newer.zip", porter.email, messages=7)
    await porter.bring_in(newer)
    assert len(await porter.events()) == len(before) + 7


async def test_an_export_in_a_folder_of_its_own_is_recognised(house: House, tmp_path: Path) -> None:
    porter = await porter_of(house, "Folder")
    path = samples.slack(tmp_path / "s.zip", porter.email)
    with zipfile.ZipFile(path) as one, zipfile.ZipFile(tmp_path / "again.zip", "w") as other:
        for name in one.namelist():
            other.writestr(f"my export/{name}", one.read(name))
        other.writestr("__MACOSX/._my export", b"")
    report = await porter.bring_in(tmp_path / "again.zip", is_dry_run=True)
    assert report.source == "slack:T1"
    assert report.totals()["message"] == 5


async def test_what_people_did_with_a_room_since_stays(house: House, tmp_path: Path) -> None:
    porter = await porter_of(house, "Since")
    path = samples.slack(tmp_path / "s.zip", porter.email)
    await porter.bring_in(path)
    old = (await porter.rooms())["old"]["id"]
    await porter.ana.ask("PATCH", f"/rooms/{old}", {"is_archived": False})
    await porter.ana.send(old, "We are back")
    newer = samples.slack(tmp_path / "newer.zip", porter.email, messages=2)
    await porter.bring_in(newer)
    assert not (await porter.rooms())["old"]["is_archived"]
    assert [each["text"] for each in await porter.ana.messages(old)] == ["We moved", "We are back"]


async def test_imported_history_is_indexed_and_nobody_is_told(house: House, tmp_path: Path) -> None:
    porter = await porter_of(house, "Quiet")
    await porter.bring_in(samples.slack(tmp_path / "s.zip", porter.email))
    types = {type for type, _ in await porter.announced()}
    assert "chat.events_appended.v1" not in types
    wanted = set(await porter.wanted())
    messages = {
        (row["room_id"], row["number"]) for row in await porter.events() if row["kind"] == "message"
    }
    assert messages <= wanted


async def test_what_search_does_not_know_is_asked_for_once_more(house: House) -> None:
    porter = await porter_of(house, "Backfill")
    room = await porter.ana.channel(name="old times")
    numbers = [int((await porter.ana.send(room, f"{each}"))["number"]) for each in range(3)]
    seen = [at async for at in index_missing(house.db, porter.tenant.operator)]
    assert seen[-1].messages == 3
    assert await porter.wanted() == [(UUID(room), each) for each in numbers]


async def test_a_bulk_export_of_mattermost_comes_in_in_the_order_of_time(
    house: House, tmp_path: Path
) -> None:
    porter = await porter_of(house, "Matter")
    await porter.bring_in(samples.mattermost(tmp_path / "m.zip", porter.email))
    rooms = await porter.rooms()
    first, ready, yes = await porter.ana.messages(rooms["Town Square"]["id"])
    assert first["text"] == "First of all"
    assert ready["text"] == "**Ready**, @Ana? 🚢"
    assert ready["mentions"] == [str(porter.ana.id)]
    assert ready["is_pinned"]
    assert ready["edited_at"] == "2023-11-14T22:13:29Z"
    assert [each["emoji"] for each in ready["reactions"]] == [character("heart")]
    assert yes["thread"] == ready["number"]
    assert [each["name"] for each in yes["files"]] == ["chart.png"]
    assert rooms["Town Square"]["role"] == "owner"
    assert [each["text"] for each in await porter.ana.messages(rooms["direct"]["id"])] == [
        "Between us"
    ]


async def test_an_export_of_zulip_keeps_topics_and_earlier_versions(
    house: House, tmp_path: Path
) -> None:
    porter = await porter_of(house, "Zulip")
    await porter.bring_in(samples.zulip(tmp_path / "z.tar.gz", porter.email))
    rooms = await porter.rooms()
    log, soup = await porter.ana.messages(rooms["engineering"]["id"])
    assert (log["topic"], soup["topic"]) == ("deploys", "lunch")
    assert log["text"] == "See log.png, @Ana in #engineering > x"
    assert [each["name"] for each in log["files"]] == ["log.png"]
    assert [each["emoji"] for each in log["reactions"]] == ["🐙"]
    assert soup["text"] == "Soup 🍲"
    async with house.db.tx(porter.tenant.id) as tx:
        body = await tx.fetchval(
            "select body from chat.events where room_id = $1 and number = $2",
            UUID(rooms["engineering"]["id"]),
            log["number"],
        )
    assert body["text"] == "Sea the log"
    [direct] = await porter.ana.messages(rooms["direct"]["id"])
    assert direct["text"] == "Only for you"


async def test_a_direct_room_that_is_in_use_keeps_its_own_log(house: House, tmp_path: Path) -> None:
    porter = await porter_of(house, "InUse")
    zoe = await porter.tenant.person(email="zoe@elsewhere.example", name="Zoe")
    room = await porter.ana.ask("POST", "/rooms", {"kind": "direct", "member_ids": [str(zoe)]}, 201)
    await porter.ana.send(room["id"], "Here already")
    await porter.bring_in(samples.mattermost(tmp_path / "m.zip", porter.email))
    rooms = await porter.rooms()
    assert [each["text"] for each in await porter.ana.messages(room["id"])] == ["Here already"]
    beside = rooms["Ana, Zoe"]
    assert (beside["kind"], beside["is_public"]) == ("channel", False)
    assert [each["text"] for each in await porter.ana.messages(beside["id"])] == ["Between us"]


async def test_an_export_comes_in_elsewhere_as_it_was(house: House, tmp_path: Path) -> None:
    porter = await porter_of(house, "From")
    await porter.bring_in(samples.slack(tmp_path / "s.zip", porter.email))
    room = (await porter.rooms())["general"]["id"]
    gone = await porter.ana.send(room, "Not for long")
    await porter.ana.send(room, kind="delete", target=gone["number"])
    out = tmp_path / "out.zip"
    done = await export_chat(house.db, porter.tenant.operator, out)
    assert (done.rooms, done.files) == (3, 1)

    other = await porter_of(house, "Into")
    # The same person, by the same address.
    async with house.db.tx(other.tenant.id) as tx:
        await tx.execute(
            "update identity.people set email = $2 where id = $1", other.ana.id, porter.email
        )
    await other.bring_in(out)
    assert set(await other.rooms()) == set(await porter.rooms())
    for name, there in (await porter.rooms()).items():
        here = (await other.rooms())[name]
        assert _plain(await porter.ana.messages(there["id"]), porter, exported=True) == _plain(
            await other.ana.messages(here["id"]), other, exported=False
        )


def _plain(messages: list[Any], porter: Porter, *, exported: bool) -> list[Any]:
    """What is the same wherever a message stands."""
    kept = [each for each in messages if not each["is_deleted"]]
    places = {each["number"]: place for place, each in enumerate(kept)}
    assert exported or len(kept) == len(messages)
    me = str(porter.ana.id)
    return [
        {
            "text": each["text"],
            "at": each["created_at"],
            "edited_at": each["edited_at"],
            "mine": each["sender_id"] == me,
            "thread": places.get(each["thread"]),
            "topic": each["topic"],
            "pinned": each["is_pinned"],
            "mentioned": me in each["mentions"],
            "reactions": [
                (one["emoji"], len(one["member_ids"]), me in one["member_ids"])
                for one in each["reactions"]
            ],
            "files": [(one["name"], one["bytes"], one["width"]) for one in each["files"]],
        }
        for each in kept
    ]


async def test_an_export_has_pages_that_run_nothing_and_is_noted(
    house: House, tmp_path: Path
) -> None:
    porter = await porter_of(house, "Pages")
    room = await porter.ana.channel(name="<b>Tags</b>")
    await porter.ana.channel(name="Other")
    text = "<script>alert(1)</script> **bold** ![x](https://spy.example) [y](javascript:alert(1))"
    await porter.ana.send(room, text)
    out = tmp_path / "one.zip"
    await export_chat(house.db, porter.tenant.operator, out, room_id=UUID(room))
    with zipfile.ZipFile(out) as file:
        names = set(file.namelist())
        page = file.read(f"html/{room}.html").decode()
        head = json.loads(file.read("hanse.json"))
    assert {f"rooms/{room}.jsonl", "index.html", "people.jsonl", "rooms.jsonl"} <= names
    assert len([each for each in names if each.startswith("html/")]) == 1
    assert "<script>" not in page
    assert "<b>Tags" not in page
    assert "<strong>bold</strong>" in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert head["version"] == 1
    async with house.db.tx(porter.tenant.id) as tx:
        noted = await tx.fetch(
            "select target_id from identity.audit_events where action = 'chat.exported'"
        )
    assert [row["target_id"] for row in noted] == [UUID(room)]


async def test_an_export_has_nothing_of_another_organisation(house: House, tmp_path: Path) -> None:
    mine = await porter_of(house, "Mine")
    theirs = await porter_of(house, "Theirs")
    room = await theirs.ana.channel(name="Theirs")
    await theirs.ana.send(room, "Ours alone")
    out = tmp_path / "mine.zip"
    done = await export_chat(house.db, mine.tenant.operator, out)
    assert (done.rooms, done.events) == (0, 0)
    with zipfile.ZipFile(out) as file:
        assert not any(b"Ours alone" in file.read(each) for each in file.namelist())


KILLED = """
import asyncio, os, sys
from pathlib import Path
from uuid import UUID
from hanse import identity
from hanse.chat.files.examining import FileRules
from hanse.chat.porting.face import import_chat
from hanse.platform.database import Db

async def main(url, organisation, path, batches):
    db = await Db.open(url, size_max=1)
    left = int(batches)
    def tell(progress):
        nonlocal left
        left -= 1
        if left == 0:
            print("in the middle", flush=True)
    access = identity.operator(UUID(organisation))
    await import_chat(db, access, Path(path), FileRules(10**7, ""), tell=tell)
    print("ended", flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_an_import_that_is_killed_goes_on_and_nothing_is_missing_or_twice(
    house: House, tmp_path: Path
) -> None:
    porter = await porter_of(house, "Killed")
    path = samples.slack(tmp_path / "s.zip", porter.email, messages=6000)
    cut = []
    for batches in (1, 5, 8):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            KILLED,
            house.database.url("hanse_app"),
            str(porter.tenant.id),
            str(path),
            str(batches),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"in the middle\n"
        # Somewhere in the next transaction, or between two.
        await asyncio.sleep(0.02)
        process.kill()
        assert await process.wait() == -9
        cut.append(len(await porter.events()))
    assert 0 < cut[0] < cut[2] < 6000
    general = (await porter.rooms())["general"]
    assert general["is_archived"]
    await porter.ana.send(general["id"], "Too early", status=409)
    await porter.bring_in(path)
    await porter.ana.send(general["id"], "Now")
    general_id = UUID(general["id"])
    events = [row for row in await porter.events() if row["room_id"] == general_id]
    assert [row["number"] for row in events] == list(range(1, len(events) + 1))
    assert [row["created_at"] for row in events] == sorted(row["created_at"] for row in events)
    # Room, owner and end; three messages, an edit, two reactions and a pin, and "Now" besides.
    assert len(events) == 6000 + 3 + 3 + 1 + 2 + 1 + 1
    last = await porter.ana.messages(general["id"], "?limit=100")
    assert [each["text"] for each in last][-100:] == [
        *(f"Message {n}" for n in range(5901, 6000)),
        "Now",
    ]
    assert (await porter.ana.unread(general["id"]))[0] == 0


@pytest.mark.parametrize("name", ["../out.json", "/etc/passwd", "a/../../b"])
async def test_a_file_that_would_lie_outside_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(name, "{}")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = 2
        tar.addfile(info, io.BytesIO(b"{}"))
    for path in ("a.zip", "a.tar.gz"):
        with pytest.raises(InvalidExport, match="outside"), opened(tmp_path / path):
            pass


async def test_what_unpacks_to_far_more_than_it_packs_is_refused(tmp_path: Path) -> None:
    zeros = b"\0" * (1024 * 1024)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as file:
        with file.open("users.json", "w") as out:
            for _ in range(300):
                out.write(zeros)
    with pytest.raises(InvalidExport, match="far more"), opened(tmp_path / "a.zip"):
        pass


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a.txt": "hello"}, "none of the files"),
        ({"users.json": "[", "channels.json": "[]"}, "users.json"),
        ({"users.json": '[{"id": 1}]', "channels.json": "[]"}, "users.json"),
        (
            {
                "users.json": "[]",
                "channels.json": '[{"id":"C","name":"c"}]',
                "c/2024-01-01.json": '[{"ts":"x","user":"U","text":"t"}]',
            },
            "c/2024-01-01.json",
        ),
        ({"import.jsonl": '{"type":"version","version":2}'}, "version 2"),
        ({"import.jsonl": '{"type":"version","version":1}\n{"type":'}, "line 2"),
        ({"realm.json": '{"zerver_realm":[]}'}, "no organisation"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_what_is_wrong(
    house: House, tenant: Tenant, tmp_path: Path, files: dict[str, str], said: str
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name, text in files.items():
            file.writestr(name, text)
    with pytest.raises(InvalidExport) as caught:
        await import_chat(house.db, tenant.operator, tmp_path / "a.zip", RULES)
    assert said in caught.value.detail


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("*bold* _it_ ~gone~", "**bold** _it_ ~~gone~~"),
        ("2*3*4 and * alone", "2\\*3\\*4 and \\* alone"),
        ("<@U1> in <#C1> and <#C2|there>", "@Ana in #general and #there"),
        ("<@U9|zed> <!subteam^S1|@crew>", "@zed @crew"),
        ("<https://a.example>", "<https://a.example>"),
        ("<https://a.example/(x)|a [b]>", "[a \\[b\\]](<https://a.example/(x)>)"),
        ("<mailto:a@b.example|a@b.example>", "<mailto:a@b.example>"),
        ("<javascript:alert(1)|click>", "click"),
        ("<https://a.example|`x`>", "[`x`](https://a.example)"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("&gt; quoted", "> quoted"),
        ("# no heading", "\\# no heading"),
        ("`*x* &lt;`", "`*x* <`"),
        ("```a\n*b* <https://c.example>```", "```\na\n*b* https://c.example\n```"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        (":wave::skin-tone-3: :nothing_of_it:", "👋🏼 :nothing_of_it:"),
    ],
)
def test_slacks_marks_become_commonmark(said: str, meant: str) -> None:
    assert converted(said, {"U1": "Ana"}, {"C1": "general"}).text == meant


@given(st.lists(st.sampled_from([*"ab *_~`<>@#!|&;:\n\ue000\ue0011", "<https://a|", "```"])))
def test_any_text_of_slack_is_converted_without_a_trace_of_the_means(parts: list[str]) -> None:
    found = converted("".join(parts), {}, {}).text
    assert not any("\ue000" <= each <= "\ue00f" for each in found)


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1))
def test_words_come_through_conversion_as_they_are(word: str) -> None:
    assert converted(word, {}, {}).text == word


@given(
    text=st.text(st.characters(), max_size=60),
    repeats=st.integers(1, 2000),
    topic=st.none() | st.text(st.characters(), max_size=300),
    emoji=st.none() | st.text(st.characters(), max_size=100),
    kind=st.sampled_from([Kind.MESSAGE, Kind.EDIT, Kind.REACTION, Kind.PIN, Kind.MEMBERS]),
)
def test_whatever_was_said_elsewhere_becomes_what_a_log_takes(
    text: str, repeats: int, topic: str | None, emoji: str | None, kind: Kind
) -> None:
    target = None if kind is Kind.MESSAGE else "m"
    entry = Entry(
        room="r",
        key="k",
        kind=kind,
        at=datetime.now(UTC),
        sender="s",
        target=target,
        text=text * repeats,
        topic=topic,
        emoji=emoji,
    )
    found = list(cleaned(entry))
    assert found
    said = ""
    for each in found:
        if isinstance(each, Skipped):
            continue
        said += each.text
        draft = Draft(
            room_id=UUID(int=1),
            sender_id=UUID(int=2),
            device="import",
            client_key="k",
            kind=each.kind,
            target=None if kind is Kind.MESSAGE else 1,
            topic=each.topic if kind is Kind.MESSAGE else None,
            body=_body(each),
        )
        check_form(draft)
    if kind is Kind.MESSAGE and len(text) * repeats > TEXT_CHARACTERS_MAX:
        whole = entry.text.replace("\0", "").encode("utf-8", "replace").decode()
        assert "".join(said.split()) == "".join(whole.split())


def _body(entry: Entry) -> Any:
    from hanse.chat.log.model import Body

    if entry.kind in (Kind.MESSAGE, Kind.EDIT):
        return Body(text=entry.text)
    return Body(emoji=entry.emoji)
