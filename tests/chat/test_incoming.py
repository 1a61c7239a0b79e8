"""Incoming webhooks: whoever knows the address posts, in our form or in Slack's."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import asyncpg
import httpx
import pytest
import uvicorn
from hypothesis import given, strategies

from hanse.chat.api.bots import BODY_BYTES_MAX
from hanse.chat.integrations.posts import InvalidPost, read_post
from hanse.chat.log.rules import TEXT_CHARACTERS_MAX
from hanse.identity import Role
from tests.chat.conftest import Person, person_of
from tests.identity.conftest import House, Tenant


class Hook:
    """An incoming webhook, and a program of somebody who knows its address."""

    def __init__(self, room: str, made: Any, program: httpx.AsyncClient) -> None:
        self.room = room
        self.id = made["webhook"]["bot_id"]
        self.url = made["url"]
        self.program = program

    async def post(self, body: Any, status: int = 200, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.program.post(self.url, content=content, headers=given)
        assert answer.status_code == status, answer.text
        return answer.json()


async def hook_of(house: House, who: Person, app: Any = None, **facts: Any) -> Hook:
    room = await who.channel()
    made = await who.ask(
        "POST", f"/rooms/{room}/incoming-webhooks", {"name": "Alerts", **facts}, 201
    )
    program = house.browser(app)
    del program.headers["Sec-Fetch-Site"]
    return Hook(room, made, program)


def said(fields: Any) -> str:
    return read_post(json.dumps(fields).encode()).text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"text": "Disk is *full* on a < b"}, "Disk is *full* on a < b"),
        ({"text": "See <https://x.example/1|the log>"}, "See [the log](https://x.example/1)"),
        ({"text": "<!here> <@U1|ana> <#C1|lunch> &lt;b&gt;"}, "@here @ana #lunch <b>"),
        (
            {"text": "*Up* ~down~ `*x*` 2*3*4", "icon_emoji": ":x:"},
            "**Up** ~~down~~ `*x*` 2*3*4",
        ),
        (
            {
                "text": "Summary",
                "attachments": [
                    {
                        "fallback": "unused",
                        "pretext": "Before",
                        "title": "Build 7",
                        "title_link": "https://ci.example/7",
                        "text": "It *failed*",
                        "fields": [{"title": "Branch", "value": "main", "short": True}],
                    },
                    {"fallback": "Only this", "color": "danger"},
                ],
            },
            "Summary\n\nBefore\n[Build 7](https://ci.example/7)\nIt **failed**\n**Branch**: main"
            "\n\nOnly this",
        ),
        (
            {
                "text": "For notifications",
                "blocks": [
                    {"type": "header", "text": {"type": "plain_text", "text": "Deploy"}},
                    {"type": "divider"},
                    {
                        "type": "section",
                        "text": {"type": "mrkdwn", "text": "*api* is out"},
                        "fields": [{"type": "mrkdwn", "text": "by Ana"}],
                    },
                    {"type": "context", "elements": [{"type": "mrkdwn", "text": "2 min"}]},
                    {
                        "type": "rich_text",
                        "elements": [
                            {
                                "type": "rich_text_section",
                                "elements": [
                                    {"type": "text", "text": "Go "},
                                    {"type": "link", "url": "https://x.example", "text": "there"},
                                ],
                            }
                        ],
                    },
                    {"type": "actions", "elements": [{"type": "button"}]},
                ],
            },
            "**Deploy**\n\n**api** is out\nby Ana\n\n2 min\n\nGo [there](https://x.example)",
        ),
    ],
)
def test_what_tools_post_to_slack_is_read_as_markdown(fields: Any, text: str) -> None:
    assert said(fields) == text


def test_a_form_with_a_payload_is_read_as_slack_reads_it() -> None:
    body = b"payload=%7B%22text%22%3A%20%22Hi%20%26%20bye%22%7D"
    form = "application/x-www-form-urlencoded"
    assert read_post(body, f"{form}; charset=utf-8").text == "Hi & bye"
    assert read_post(b'{"text": "as curl -d sends it"}', form).text == "as curl -d sends it"
    with pytest.raises(InvalidPost, match="`payload`"):
        read_post(b"text=Hello", form)


@given(
    strategies.recursive(
        strategies.none() | strategies.booleans() | strategies.text() | strategies.integers(),
        lambda inner: (
            strategies.lists(inner, max_size=4)
            | strategies.dictionaries(
                strategies.sampled_from(
                    [
                        "text",
                        "type",
                        "elements",
                        "blocks",
                        "fields",
                        "attachments",
                        "title",
                        "topic",
                    ]
                )
                | strategies.text(max_size=3),
                inner
                | strategies.sampled_from(
                    ["section", "rich_text", "rich_text_list", "context", "link"]
                ),
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_a_message_or_is_refused(fields: Any) -> None:
    try:
        post = read_post(json.dumps(fields).encode())
    except InvalidPost:
        return
    assert 0 < len(post.text) <= TEXT_CHARACTERS_MAX
    assert "\0" not in post.text


async def test_a_program_posts_at_the_address(house: House, ana: Person) -> None:
    hook = await hook_of(house, ana, topic="Alerts")
    answer = await hook.post({"text": "**Disk** is full", "username": "Nagios 👩\u200d💻"})
    assert answer == {"ok": True, "number": answer["number"], "is_repeat": False}
    await hook.post({"text": "Deployed", "topic": "Deploys"})
    first, second = await ana.messages(hook.room)
    assert (first["text"], first["topic"]) == ("**Disk** is full", "Alerts")
    assert (first["sender_id"], first["username"]) == (hook.id, "Nagios 👩\u200d💻")
    assert (second["topic"], second.get("username")) == ("Deploys", None)
    [listed] = await ana.ask("GET", f"/rooms/{hook.room}/incoming-webhooks")
    assert (listed["name"], listed["topic"]) == ("Alerts", "Alerts")
    assert listed["posted_at"]
    assert await ana.ask("GET", f"/rooms/{hook.room}/bots") == []


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """The application on a socket, for the length of a block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


async def test_a_script_for_slack_works_at_the_address_over_http(house: House, ana: Person) -> None:
    hook = await hook_of(house, ana)

    def script(url: str) -> tuple[int, Any]:
        payload = {"channel": "#ops", "attachments": [{"fallback": "Build failed"}]}
        body = urlencode({"payload": json.dumps(payload)}).encode()
        with urlopen(Request(url, body), timeout=10) as answer:  # our own server
            return answer.status, json.load(answer)

    async with listening(house.app) as server:
        url = f"{server}{urlsplit(hook.url).path}"
        status, answer = await asyncio.to_thread(script, url)
    assert (status, answer["ok"]) == (200, True)
    [message] = await ana.messages(hook.room)
    assert message["text"] == "Build failed"


async def test_a_repeat_with_the_same_key_posts_once(house: House, ana: Person) -> None:
    hook = await hook_of(house, ana)
    answers = await asyncio.gather(
        *(hook.post({"text": "Once"}, Idempotency_Key="build 7 " * 20) for _ in range(5))
    )
    assert {each["number"] for each in answers} == {answers[0]["number"]}
    assert sorted(each["is_repeat"] for each in answers) == [False, True, True, True, True]
    assert len(await ana.messages(hook.room)) == 1
    await hook.post({"text": "x"}, 400, Idempotency_Key="k" * 256)


async def test_a_new_address_replaces_the_old_one_and_a_deleted_one_is_gone(
    house: House, ana: Person
) -> None:
    hook = await hook_of(house, ana)
    path = f"/rooms/{hook.room}/incoming-webhooks/{hook.id}/rotate-secret"
    old, hook.url = hook.url, (await ana.ask("POST", path))["url"]
    assert (await hook.program.post(old, json={"text": "Old"})).status_code == 404
    await hook.post({"text": "New"})
    await ana.ask("DELETE", f"/rooms/{hook.room}/bots/{hook.id}", status=204)
    assert (await hook.post({"text": "Gone"}, 404))["code"] == "no_such_address"
    await ana.ask("POST", path, status=404)
    assert [each["text"] for each in await ana.messages(hook.room)] == ["New"]


async def test_neither_database_nor_log_has_the_address(
    house: House, ana: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    hook = await hook_of(house, ana)
    secret = hook.url.rpartition("/")[2]
    await hook.post({"text": "Hello"})
    await hook.post({"text": ""}, 400)
    logged = capsys.readouterr().out
    assert "/v1/hooks/" in logged
    assert secret not in logged
    connection = await asyncpg.connect(house.database.url("hanse"))
    try:
        rows = await connection.fetch("select w::text from chat.incoming_webhooks w")
        assert rows
        assert not any(secret in row[0] or secret.encode().hex() in row[0] for row in rows)
        audited = await connection.fetch("select a::text from identity.audit_events a")
        assert not any(secret in row[0] for row in audited)
    finally:
        await connection.close()


async def test_an_administrator_stops_a_webhook_by_revoking_its_key(
    house: House, tenant: Tenant, ana: Person
) -> None:
    hook = await hook_of(house, ana)
    chief = await person_of(tenant, Role.ADMIN)
    await chief.ask("DELETE", f"/api-keys/{hook.id}")
    await hook.post({"text": "Hello?"}, 404)


@pytest.mark.parametrize(
    ("body", "status", "code", "word"),
    [
        (b"{", 400, "invalid_post", "JSON"),
        (b"[1]", 400, "invalid_post", "object"),
        (b"[" * 100_000, 400, "invalid_post", "JSON"),
        (b'{"text": "\xff"}', 400, "invalid_post", "JSON"),
        (b"{}", 400, "invalid_post", "`text`"),
        (b'{"text": " "}', 400, "invalid_post", "`text`"),
        (b'{"text": 7}', 400, "invalid_post", "`text`"),
        (b'{"text": "a", "topic": "a\\nb"}', 400, "invalid_post", "`topic`"),
        (b'{"text": "a", "username": "' + b"u" * 81 + b'"}', 400, "invalid_post", "`username`"),
        (b'{"text": "a\\u0000b"}', 400, "invalid_post", "U+0000"),
        (b'{"text": "a\\ud800"}', 400, "invalid_post", "JSON"),
        (b'{"text": "a", "attachments": {}}', 400, "invalid_post", "`attachments`"),
        (b'{"text": "' + b"x" * (TEXT_CHARACTERS_MAX + 1) + b'"}', 400, "invalid_post", "20000"),
        (b'{"text": "' + b"x" * BODY_BYTES_MAX + b'"}', 413, "request_entity_too_large", ""),
    ],
)
async def test_bad_input_is_refused_precisely_and_posts_nothing(
    house: House, ana: Person, body: bytes, status: int, code: str, word: str
) -> None:
    hook = await hook_of(house, ana)
    problem = await hook.post(body, status)
    assert problem["code"] == code
    assert word in problem["detail"]
    assert await ana.messages(hook.room) == []


async def test_what_holds_for_members_holds_for_a_webhooks_bot(house: House, ana: Person) -> None:
    hook = await hook_of(house, ana)
    member = f"/rooms/{hook.room}/members/{hook.id}"
    await ana.ask("PUT", f"{member}/mute", {"minutes": 5}, 204)
    await hook.post({"text": "x"}, 403)
    await ana.ask("DELETE", f"{member}/mute", status=204)
    await ana.ask("DELETE", member, status=204)
    await hook.post({"text": "x"}, 404)
    await ana.ask("PUT", member, {"role": "member"})
    await ana.ask("PATCH", f"/rooms/{hook.room}", {"is_archived": True})
    assert (await hook.post({"text": "x"}, 409))["code"] == "room_archived"


async def test_a_webhook_is_limited_by_itself(house: House, ana: Person) -> None:
    app = house.build(incoming_webhook_limit_per_minute=3)
    hook, other = await hook_of(house, ana, app), await hook_of(house, ana, app)
    for _ in range(3):
        await hook.post({"text": "Flood"})
    answer = await hook.program.post(hook.url, json={"text": "Flood"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    await other.post({"text": "Calm"})
    assert len(await ana.messages(hook.room)) == 3


async def test_only_owners_see_and_make_webhooks(house: House, ana: Person, ben: Person) -> None:
    hook = await hook_of(house, ana)
    await ana.ask("PUT", f"/rooms/{hook.room}/members/{ben.id}", {"role": "moderator"})
    path = f"/rooms/{hook.room}/incoming-webhooks"
    await ben.ask("GET", path, status=403)
    await ben.ask("POST", path, {"name": "Mine"}, 403)
    await ben.ask("POST", f"{path}/{hook.id}/rotate-secret", status=403)
    await ana.ask("POST", path, {"name": "x", "topic": " "}, 400)
