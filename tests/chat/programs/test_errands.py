"""What programs have done beyond their room: requests to allowed hosts, and translations."""

import ssl
import threading
from collections.abc import AsyncIterator

import pytest
import trustme

from hanse import language
from hanse.chat.programs.jobs import Errands, register_programs
from hanse.identity import Role
from hanse.platform.bus import Bus
from hanse.platform.database import Db
from hanse.platform.job_worker import run_jobs
from hanse.platform.jobs import Jobs
from hanse.platform.outbound import OutboundClient, parse_rules
from tests.chat.conftest import Person, person_of
from tests.chat.programs.hosting import Programs, attach, caught_up, log_of, posts_of
from tests.eventing import going, until
from tests.identity.conftest import House, Tenant
from tests.language.conftest import infer
from tests.receiving import Receiver, Reply

HOST = "rates.example"
SOURCE = """
export function onEvent(event) {
  if (event.kind === "http" || event.kind === "translation")
    return { effects: [{ type: "post", text: JSON.stringify(event.body) }] };
  if (event.kind !== "message") return;
  const [what, rest] = event.body.text.split(" ", 2);
  if (what === "ask") return { effects: [{ type: "http", key: "k", url: rest, body: "hello",
    method: "POST", headers: { "X-From": "room" } }] };
  return { effects: [{ type: "translate", key: "t", text: event.body.text, to: "pt" }] };
}
"""


@pytest.fixture(scope="module")
async def server(programs: Programs, house: House, bus: Bus) -> AsyncIterator[Receiver]:
    """A server on the outside, and what carries out programs' wishes."""
    authority = trustme.CA()
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(theirs)
    receiver = Receiver()
    receiver.server.socket = theirs.wrap_socket(receiver.server.socket, server_side=True)
    threading.Thread(target=receiver.server.serve_forever, args=(0.05,), daemon=True).start()

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if port == receiver.port else ["10.0.0.1"]

    rules = parse_rules(f"{HOST}:{receiver.port}")
    outbound = OutboundClient(rules, tls=ours, resolve=resolve)
    url = house.database.url("hanse_jobs")
    db = await Db.open(url)
    async with infer() as inference:
        live = language.LiveTranslator(db, inference)
        jobs = Jobs()
        register_programs(jobs, Errands(db, bus, outbound, live))
        async with going(lambda stop: run_jobs(jobs, url, stop)):
            yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    await outbound.close()
    await db.close()


async def answered(who: Person, room: str, program: str, count: int = 1) -> list[str]:
    async def there() -> list[str]:
        found = await posts_of(who, room, program)
        return found if len(found) >= count else []

    return list(await until(there, "the answer came into the room"))


async def test_a_request_to_an_allowed_host_is_answered_by_an_event(
    server: Receiver, ana: Person, tenant: Tenant
) -> None:
    place = f"{HOST}:{server.port}"
    chief = await person_of(tenant, Role.OWNER)
    await ana.ask("PUT", "/chat/program-hosts", {"hosts": [place]}, 403)
    wrong = {"hosts": ["https://x.example/"]}
    assert (await chief.ask("PUT", "/chat/program-hosts", wrong, 400))["code"] == "invalid_program"
    room = await ana.channel()
    program = await attach(ana, room, SOURCE, allowed=["http"])
    await ana.send(room, f"ask https://{place}/today")
    await caught_up(ana, program)
    [line] = (await ana.ask("GET", f"/programs/{program}/log"))["items"]
    assert line["code"] == "not_allowed"
    assert server.received == []
    hosts = {"hosts": [place, "elsewhere.example"]}
    assert await chief.ask("PUT", "/chat/program-hosts", hosts) == {
        "hosts": ["elsewhere.example", place]
    }
    server.reply = lambda _request: Reply(status=201, body="42 \0 até".encode())
    await ana.send(room, f"ask https://{place}/today")
    [said] = await answered(ana, room, program)
    assert '"status":201' in said
    assert "42 \N{REPLACEMENT CHARACTER} até" in said
    [request] = server.received
    assert (request.path, request.body, request.headers["x-from"]) == ("/today", b"hello", "room")
    assert request.headers["idempotency-key"].startswith(program)
    server.reply = lambda _request: Reply(body=b"x" * 100_000)
    await ana.send(room, f"ask https://{place}/large")
    assert "more than 20000 characters" in (await answered(ana, room, program, 2))[1]
    await ana.send(room, "ask https://elsewhere.example/inside")
    said = (await answered(ana, room, program, 3))[2]
    assert '"status":0' in said
    assert "does not lead to a public address" in said
    assert len([e for e in await log_of(ana, room) if e["kind"] == "http"]) == 3


async def test_a_text_is_translated_for_a_program(server: Receiver, ana: Person) -> None:
    room = await ana.channel()
    program = await attach(ana, room, SOURCE, allowed=["translate"])
    await ana.send(room, "The meeting begins at nine in the large hall.")
    [said] = await answered(ana, room, program)
    assert '"key":"t"' in said
    assert '"language":"pt"' in said
