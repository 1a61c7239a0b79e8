"""Webhooks: events reach whoever is to hear of them, signed, again and again until they do."""

import json
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID, uuid4

import asyncpg
import httpx
import jsonschema_rs
import pytest
from hypothesis import given, strategies
from standardwebhooks import Webhook, WebhookVerificationError

from hanse.identity import Role
from hanse.identity.purge import purge
from hanse.identity.webhooks.fan_out import PENDING_MAX
from hanse.identity.webhooks.model import TRIES_MAX, headers_of, new_secret, retry_pause_s
from hanse.platform.database import Db
from hanse.platform.ids import new_id
from hanse.platform.job_worker import WorkerLimits, run_jobs
from hanse.platform.jobs import Jobs
from hanse.platform.outbox import Event
from hanse.server.notices import register_jobs
from hanse.server.settings import Settings
from tests.eventing import going, until
from tests.identity.conftest import GROUP_CHANGED, Post
from tests.identity.outside import mail_server, text_of
from tests.receiving import Received, Reply
from tests.webhooking import delivering

QUICK = WorkerLimits(poll_s=0.02, tick_s=60.0, lease_s=1000.0)
# Announced, but for nobody outside; say why.
NOT_FOR_WEBHOOKS = {
    "identity.webhook_ping.v1": "sent only to the webhook that it tries",
    "identity.inbox_changed.v1": "a bell for open pages, and for nobody else",
    "chat.events_appended.v1": "a bell for sockets, rung many times a second",
    "chat.translations_wanted.v1": "an order to the chat's own translator",
    "chat.indexing_wanted.v1": "an order to the chat's own index",
}


@pytest.fixture(scope="module")
async def going_out(wires: tuple[str, ...]) -> AsyncIterator[None]:
    """Everything is delivered, by this process."""
    async with delivering(*wires):
        yield


@given(strategies.text(strategies.characters(exclude_categories=["Cs"])))
def test_signatures_are_those_of_the_specification(body: str) -> None:
    secrets = [new_secret(), new_secret()]
    headers = headers_of(new_id(), datetime.now(UTC), body, secrets)
    for secret in secrets:
        Webhook(secret).verify(body, headers, json_parse=False)
    for wrong, what, sent in (
        (new_secret(), body, headers),
        (secrets[0], body + "x", headers),
        (secrets[0], body, {**headers, "webhook-id": str(new_id())}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(wrong).verify(what, sent, json_parse=False)


def test_the_attempts_are_spread_over_about_a_day() -> None:
    for _ in range(200):
        pauses = [retry_pause_s(tries) for tries in range(1, TRIES_MAX)]
        assert 4 <= pauses[0] <= 6
        assert all(after > before for before, after in pairwise(pauses[:-1]))
        assert 18 * 3600 < sum(pauses) < 30 * 3600
    assert len({retry_pause_s(5) for _ in range(10)}) > 1, "without jitter"
    assert retry_pause_s(1, asked_s=600) == 600
    assert retry_pause_s(1, asked_s=1e9) <= 36_000


async def test_every_event_is_in_the_list_with_its_schema_and_an_example(post: Post) -> None:
    listed = (await post.admin.get("/v1/webhook-event-types")).json()
    announced = {each.type for each in _all_of(Event) if each.__module__.startswith("hanse.")}
    assert {each["type"] for each in listed} == announced - NOT_FOR_WEBHOOKS.keys()
    for each in listed:
        assert each["description"]
        assert each["example"]["type"] == each["type"]
        jsonschema_rs.validate(each["schema"], each["example"]["data"])
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validate(each["schema"], {})


def _all_of(kind: type[Event]) -> list[type[Event]]:
    return [each for direct in kind.__subclasses__() for each in (direct, *_all_of(direct))]


async def test_an_event_reaches_the_webhooks_that_want_it(post: Post, going_out: None) -> None:
    wants_it, wants_all = await post.webhook(), await post.webhook(event_types=[])
    wants_other = await post.webhook(event_types=["identity.person_created.v1"])
    is_off = await post.webhook(active=False)
    stranger = await post.house.organisation("Stranger")
    await (await stranger.signed_in(Role.ADMIN)).post("/v1/groups", json={"name": "theirs"})
    group_id = await post.happen()
    for webhook in (wants_it, wants_all):
        (request,) = await post.arrival(webhook)
        message = Webhook(webhook["secret"]).verify(request.body, request.headers)
        assert message["type"] == GROUP_CHANGED
        assert message["data"] == {"group_id": group_id, "change": "created"}
        assert message["organisation_id"] == str(post.tenant.id)
        assert request.headers["content-type"] == "application/json"
        (entry,) = await post.settled(webhook, "delivered")
        assert (entry["attempts"], entry["last_status_code"]) == (1, 200)
        assert entry["event_id"] == request.headers["webhook-id"]
        assert entry["due_at"] is None
        answer = await post.admin.get(f"/v1/webhooks/{webhook['id']}/deliveries/{entry['id']}")
        assert answer.json()["body"] == request.body.decode()
        (attempt,) = answer.json()["attempt_log"]
        assert (attempt["status_code"], attempt["response"]) == (200, "thank you")
    assert not post.received(wants_other)
    assert not post.received(is_off)
    await post.admin.delete(f"/v1/webhooks/{wants_all['id']}")


async def test_what_fails_is_tried_again_until_it_arrives(post: Post, going_out: None) -> None:
    webhook = await post.webhook()
    moved = Reply(302, (("Location", "/x"),))
    post.answering(webhook, Reply(500, body=b"oh\x00 no"), moved, Reply(204, body=b""))
    await post.happen()
    requests = await post.arrival(webhook, 3)
    assert len({each.headers["webhook-id"] for each in requests}) == 1
    for request in requests:
        Webhook(webhook["secret"]).verify(request.body, request.headers)
    (entry,) = await post.settled(webhook, "delivered")
    answer = await post.admin.get(f"/v1/webhooks/{webhook['id']}/deliveries/{entry['id']}")
    log = answer.json()["attempt_log"]
    assert [each["status_code"] for each in log] == [500, 302, 204]
    assert log[0]["response"] == "oh\ufffd no"
    assert "redirects" in log[1]["error"]
    assert (await post.get(webhook))["failures"] == 0
    assert not post.receiver.at("/x")


async def test_a_dead_letter_is_kept_and_can_be_replayed(post: Post, going_out: None) -> None:
    webhook = await post.webhook()
    post.answering(webhook, Reply(503))
    group_id = await post.happen()
    await post.arrival(webhook)
    owner = await asyncpg.connect(post.house.database.url("hanse"))
    sql = "update identity.webhook_deliveries set tries_max = 2 where webhook_id = $1"
    await owner.execute(sql, UUID(webhook["id"]))
    (dead,) = await post.settled(webhook, "failed")
    assert dead["last_error"] == "It answered 503."
    post.answering(webhook, Reply())
    await post.post(webhook, f"deliveries/{dead['id']}/replay")
    (entry,) = await post.settled(webhook, "delivered")
    assert entry["id"] == dead["id"]
    requests = post.received(webhook)
    assert {json.loads(each.body)["data"]["group_id"] for each in requests} == {group_id}
    await owner.execute(
        "update identity.webhook_deliveries set status = 'failed' where webhook_id = $1",
        UUID(webhook["id"]),
    )
    await owner.close()
    nothing = await post.post(webhook, "replay", {"since": "2100-01-01T00:00:00Z"})
    assert nothing == {"replayed": 0, "more": False}
    beyond = {"since": "9999-12-31T23:59:59-12:00"}
    answer = await post.admin.post(f"/v1/webhooks/{webhook['id']}/replay", json=beyond)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_time")
    again = await post.post(webhook, "replay", {"since": dead["created_at"]})
    assert again == {"replayed": 1, "more": False}
    await post.arrival(webhook, len(requests) + 1)
    assert ("webhook.replayed", "person") in await post.audited(webhook)


async def test_after_a_rotation_both_secrets_sign(post: Post, going_out: None) -> None:
    webhook = await post.webhook()
    rotated = await post.post(webhook, "secret", {})
    assert (
        rotated["previous_valid_until"] == (await post.get(webhook))["previous_secret_valid_until"]
    )
    await post.post(webhook, "ping")
    (request,) = await post.arrival(webhook)
    for secret in (webhook["secret"], rotated["secret"]):
        message = Webhook(secret).verify(request.body, request.headers)
        assert message["type"] == "identity.webhook_ping.v1"
    leaked = rotated["secret"]
    newest = await post.post(webhook, "secret", {"revoke_previous": True})
    assert newest["previous_valid_until"] is None
    await post.post(webhook, "ping")
    _, request = await post.arrival(webhook, 2)
    Webhook(newest["secret"]).verify(request.body, request.headers)
    for secret in (webhook["secret"], leaked):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(request.body, request.headers)
    owner = await asyncpg.connect(post.house.database.url("hanse"))
    row = await owner.fetchrow(
        "select sealed_secret, sealed_previous from identity.webhooks where id = $1",
        UUID(webhook["id"]),
    )
    await owner.close()
    assert newest["secret"].encode() not in row["sealed_secret"]


async def test_a_ping_tells_once_how_a_webhook_does(post: Post, going_out: None) -> None:
    webhook = await post.webhook(active=False)
    post.answering(webhook, Reply(404, body=b"nothing here"))
    ping = await post.post(webhook, "ping")
    assert ping["status"] == "pending"
    (entry,) = await post.settled(webhook, "failed")
    assert (entry["id"], entry["attempts"], entry["last_status_code"]) == (ping["id"], 1, 404)
    assert (await post.get(webhook))["failures"] == 0


async def test_a_receiver_that_is_gone_turns_its_webhook_off(post: Post, going_out: None) -> None:
    watching = await post.webhook(event_types=["identity.webhook_disabled.v1"])
    webhook = await post.webhook()
    post.answering(webhook, Reply(410))
    await post.happen()
    await post.settled(webhook, "failed")
    now = await post.get(webhook)
    assert (now["active"], now["disabled_reason"]) == (False, "gone")
    assert (await post.audited(webhook))[0] == ("webhook.disabled", "system")
    (told,) = await post.arrival(watching)
    data = json.loads(told.body)["data"]
    assert data == {"webhook_id": webhook["id"], "reason": "gone"}
    entry = (await post.log(webhook))[0]
    url = f"/v1/webhooks/{webhook['id']}"
    assert (await post.admin.post(f"{url}/deliveries/{entry['id']}/replay")).status_code == 409
    answer = await post.admin.patch(url, json={"active": True})
    assert (answer.json()["disabled_reason"], answer.json()["failures"]) == (None, 0)


async def test_whoever_manages_webhooks_is_told_that_one_was_turned_off(
    post: Post, going_out: None
) -> None:
    address = f"{uuid4()}@example.org"
    keeper = await post.tenant.person(email=address)
    member = await post.tenant.signed_in()
    outer, inner = [
        (await post.admin.post("/v1/groups", json={"name": str(uuid4()), **more})).json()["id"]
        for more in ({"permissions": ["webhooks:write"]}, {})
    ]
    for within in (f"{outer}/groups/{inner}", f"{inner}/members/{keeper}"):
        answer = await post.admin.put(f"/v1/groups/{within}", json={})
        assert answer.status_code == 204, answer.text
    webhook = await post.webhook()
    there = f"/admin/webhooks/{webhook['id']}"
    said = "The webhook at 127.0.0.1 was turned off"
    post.answering(webhook, Reply(410))
    await post.happen()
    await post.settled(webhook, "failed")

    async def told(client: httpx.AsyncClient) -> list[tuple[str, str]]:
        items = (await client.get("/v1/me/notifications")).json()["items"]
        return [(each["link"], each["title"]) for each in items if "webhook" in each["kind"]]

    async with mail_server() as mail:
        jobs = Jobs()
        register_jobs(jobs, Settings(home=post.house.home, smtp_url=mail.url))
        url = post.house.database.url("hanse_jobs")
        async with going(lambda stop: run_jobs(jobs, url, stop, limits=QUICK)):

            async def written() -> bool:
                link = f"http://localhost:8080{there}"
                return any(link in text_of(each) for each in mail.to(address))

            await until(written, "a letter to whoever keeps the webhooks")
    assert (there, said) in await told(await post.tenant.signed_in(person_id=keeper))
    assert (there, said) in await told(post.admin)
    assert await told(member) == []


@pytest.mark.parametrize(
    ("days", "failures", "off"), [(4, 19, True), (4, 3, False), (2, 90, False)]
)
async def test_days_of_failure_turn_a_webhook_off(
    post: Post, going_out: None, days: int, failures: int, off: bool
) -> None:
    webhook = await post.webhook()
    owner = await asyncpg.connect(post.house.database.url("hanse"))
    await owner.execute(
        "update identity.webhooks set failures = $2, "
        "failing_since = now() - $3 * interval '1 day' where id = $1",
        UUID(webhook["id"]),
        failures,
        days,
    )
    await owner.close()
    post.answering(webhook, Reply(500))
    await post.happen()

    async def counted() -> bool:
        return bool((await post.get(webhook))["failures"] > failures)

    await until(counted, "a failure")
    now = await post.get(webhook)
    assert now["active"] is not off
    assert now["disabled_reason"] == ("failing" if off else None)
    await post.admin.delete(f"/v1/webhooks/{webhook['id']}")


async def test_a_backlog_has_a_limit_and_reaching_it_is_told(post: Post, going_out: None) -> None:
    webhook = await post.webhook()
    owner = await asyncpg.connect(post.house.database.url("hanse"))
    await owner.execute(
        "insert into identity.webhook_deliveries "
        "(id, organisation_id, webhook_id, event_id, type, body, tries_max, due_at) "
        "select gen_random_uuid(), $1, $2, gen_random_uuid(), 'x', '', 11, now() + interval '1 h' "
        "from generate_series(1, $3)",
        post.tenant.id,
        UUID(webhook["id"]),
        PENDING_MAX,
    )
    await owner.execute(
        "update identity.webhooks set failures = 1, failing_since = now() where id = $1",
        UUID(webhook["id"]),
    )
    await owner.close()
    await post.happen()

    async def is_off() -> bool:
        return not (await post.get(webhook))["active"]

    await until(is_off, "the webhook is turned off")
    assert (await post.get(webhook))["disabled_reason"] == "backlog"
    assert len(await post.log(webhook, status="pending")) == 0
    await post.admin.delete(f"/v1/webhooks/{webhook['id']}")


async def test_a_webhook_that_hangs_stands_in_nobodys_way(post: Post, going_out: None) -> None:
    go = threading.Event()
    slow, quick = await post.webhook(), await post.webhook()

    def hang(_request: Received) -> Reply:
        go.wait(5)
        return Reply()

    post.receiver.replies["/" + slow["url"].rpartition("/")[2]] = hang
    for _ in range(6):
        await post.happen()
    await post.arrival(quick, 6)
    assert len(await post.log(slow, status="delivered")) == 0
    go.set()
    await post.admin.patch(f"/v1/webhooks/{slow['id']}", json={"active": False})
    assert len(await post.log(slow, status="pending")) == 0


async def test_who_may_set_webhooks_up_and_to_where(post: Post) -> None:
    member = await post.tenant.signed_in(Role.MEMBER)
    body = {"url": "https://hooks.example/x"}
    for answer in (
        await member.post("/v1/webhooks", json=body),
        await member.get("/v1/webhooks"),
        await member.get("/v1/webhook-event-types"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
    for url in (
        "https://10.0.0.1/",
        "https://localhost/",
        "ftp://a.example",
        "https://a.example:22",
    ):
        answer = await post.admin.post("/v1/webhooks", json={"url": url})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_webhook_url")
    answer = await post.admin.post("/v1/webhooks", json={**body, "event_types": ["made.up.v1"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_event_type")
    assert GROUP_CHANGED in answer.json()["detail"]


async def test_a_secret_is_shown_once(post: Post) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"url": "https://hooks.example/path-with-token", "active": False}
    first = await post.admin.post("/v1/webhooks", json=body, headers=headers)
    again = await post.admin.post("/v1/webhooks", json=body, headers=headers)
    assert again.json() == {**first.json(), "secret": None}
    listed = await post.admin.get("/v1/webhooks", params={"limit": "200"})
    assert first.json()["secret"] not in listed.text
    log = await post.admin.get("/v1/audit-events", params={"target_id": first.json()["id"]})
    assert log.json()["items"][0]["target_name"] == "hooks.example"
    assert "path-with-token" not in log.text
    assert (await post.admin.delete(f"/v1/webhooks/{first.json()['id']}")).status_code == 204


async def test_the_log_is_kept_for_a_month(post: Post) -> None:
    webhook = await post.webhook(active=False)
    owner = await asyncpg.connect(post.house.database.url("hanse"))
    for days in (29, 31):
        await owner.execute(
            "insert into identity.webhook_deliveries (id, organisation_id, webhook_id, event_id, "
            "type, body, tries_max, status, finished_at) values (gen_random_uuid(), $1, $2, "
            "gen_random_uuid(), $3, '', 1, 'failed', now() - $4 * interval '1 day')",
            post.tenant.id,
            UUID(webhook["id"]),
            f"x.{days}",
            days,
        )
    await owner.close()
    db = await Db.open(post.house.database.url("hanse_jobs"))
    async with db.system_tx() as tx:
        await purge(tx)
    await db.close()
    assert [each["type"] for each in await post.log(webhook)] == ["x.29"]
