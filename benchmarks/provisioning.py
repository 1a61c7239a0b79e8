"""An identity provider's first synchronisation: people and groups by SCIM, over HTTP.

A whole served Hanse, each write on disk before it is answered; the client is a process of its own
on the same machine.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.serving import Hanse, serving

PEOPLE = 10_000
GOAL_S = 60.0
CONNECTIONS = 8
BULK_OPERATIONS = 500
BULK_CONNECTIONS = 2
MEMBERS_TOGETHER = 100
JOINS = 200
_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

# Requests come in as lines; each connection has one on the way at a time.
_CLIENT = """
import asyncio, json, sys, time
url, key, connections = sys.argv[1], sys.argv[2], int(sys.argv[3])
host, port = url.removeprefix("http://").split(":")
waiting = [json.loads(line) for line in sys.stdin][::-1]
waits, answers = [], []
async def connection():
    reader, writer = await asyncio.open_connection(host, int(port))
    while waiting:
        method, path, body = waiting.pop()
        data = json.dumps(body).encode()
        started = time.perf_counter()
        head = [f"{method} /scim/v2{path} HTTP/1.1", f"Host: {host}",
                f"Authorization: Bearer {key}", "Content-Type: application/scim+json",
                f"Content-Length: {len(data)}", "", ""]
        writer.write("\\r\\n".join(head).encode() + data)
        head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower().split(b"\\r\\n")
        length = next((int(line.split(b":")[1]) for line in head
                       if line.startswith(b"content-length")), 0)
        answer = await reader.readexactly(length)
        waits.append(time.perf_counter() - started)
        assert head[0].split()[1] in (b"200", b"201", b"204"), (head[0], answer[:500])
        answers.append(json.loads(answer) if answer else None)
    writer.close()
async def main():
    await asyncio.gather(*(connection() for _ in range(connections)))
started = time.perf_counter()
asyncio.run(main())
json.dump({"seconds": time.perf_counter() - started, "waits": sorted(waits), "answers": answers},
          sys.stdout)
"""

Request = tuple[str, str, dict[str, Any]]


def run() -> str:
    """Measure and return the section."""
    rows = []
    with serving(HANSE_RATE_LIMIT_PER_MINUTE="0") as hanse:
        made = hanse.command("key", "create", "scim", "--scope", "provisioning")
        assert made.returncode == 0, made.stderr
        key = made.stdout.strip()
        _send(hanse, key, [("POST", "/Users", _person("warm", 0))], 1)
        singles = _send(hanse, key, _posts("single", PEOPLE), CONNECTIONS)
        rows.append(_row(f"{PEOPLE:,} people, one a request", CONNECTIONS, singles))
        bulk = _send(hanse, key, list(_bulks("bulk", PEOPLE)), BULK_CONNECTIONS)
        for answer in bulk["answers"]:
            assert all(each["status"] == "201" for each in answer["Operations"])
        rows.append(
            _row(f"{PEOPLE:,} people, {BULK_OPERATIONS} a bulk request", BULK_CONNECTIONS, bulk)
        )
        ids = [each["id"] for each in singles["answers"]]
        group = _send(
            hanse, key, [("POST", "/Groups", {"schemas": [_GROUP], "displayName": "Everybody"})], 1
        )["answers"][0]["id"]
        fill = [
            _join(group, ids[at : at + MEMBERS_TOGETHER])
            for at in range(0, len(ids), MEMBERS_TOGETHER)
        ]
        rows.append(
            _row(
                f"the same {PEOPLE:,} into one group, {MEMBERS_TOGETHER} a PATCH",
                1,
                _send(hanse, key, fill, 1),
            )
        )
        more = [
            answer["location"].rpartition("/")[2]
            for answer in bulk["answers"][0]["Operations"][:JOINS]
        ]
        rows.append(
            _row(
                f"{len(more)} more into that group, one a PATCH",
                1,
                _send(hanse, key, [_join(group, [id]) for id in more], 1),
            )
        )
    return "\n".join(
        [
            f"## Provisioning {PEOPLE:,} people by SCIM",
            "",
            f"A served Hanse with its default settings ({os.cpu_count()} cores, which the client "
            "shares), each write on disk before it is answered, with its event and its entry in "
            f"the audit log. The goal is less than {GOAL_S:g} s for {PEOPLE:,} people.",
            "",
            "| what | connections | seconds | a second | p50 ms | p99 ms of a request |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "Command: `python -m benchmarks provisioning`",
            "",
        ]
    )


def _posts(kind: str, count: int) -> list[Request]:
    return [("POST", "/Users", _person(kind, number)) for number in range(count)]


def _bulks(kind: str, count: int) -> Iterator[Request]:
    for start in range(0, count, BULK_OPERATIONS):
        operations = [
            {
                "method": "POST",
                "path": "/Users",
                "bulkId": str(number),
                "data": _person(kind, number),
            }
            for number in range(start, min(count, start + BULK_OPERATIONS))
        ]
        yield "POST", "/Bulk", {"schemas": [_BULK], "Operations": operations}


def _join(group: str, ids: list[str]) -> Request:
    members = [{"$ref": None, "value": id} for id in ids]
    operation = {"op": "Add", "path": "members", "value": members}
    return "PATCH", f"/Groups/{group}", {"schemas": [_PATCH], "Operations": [operation]}


def _person(kind: str, number: int) -> dict[str, Any]:
    """What Entra ID sends of somebody by default."""
    name = f"{kind}.person{number}@corp.example"
    return {
        "schemas": [_USER, _ENTERPRISE],
        "externalId": f"{kind}-{number}",
        "userName": name,
        "active": True,
        "displayName": f"{kind.title()} Person{number}",
        "emails": [{"primary": True, "type": "work", "value": name}],
        "meta": {"resourceType": "User"},
        "name": {
            "formatted": f"{kind.title()} Person{number}",
            "familyName": f"Person{number}",
            "givenName": kind.title(),
        },
        "preferredLanguage": "de-DE",
        "roles": [],
        _ENTERPRISE: {"department": "Sales", "employeeNumber": str(number)},
    }


def _send(hanse: Hanse, key: str, requests: list[Request], connections: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _CLIENT, hanse.url, key, str(connections)],
        input="\n".join(json.dumps(each) for each in requests).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _row(what: str, connections: int, told: dict[str, Any]) -> str:
    waits, seconds = told["waits"], told["seconds"]
    items = [
        len(answer["Operations"]) if answer and "Operations" in answer else 1
        for answer in told["answers"]
    ]
    p50, p99 = (waits[min(len(waits) - 1, int(len(waits) * at))] * 1000 for at in (0.5, 0.99))
    return (
        f"| {what} | {connections} | {seconds:.1f} | {sum(items) / seconds:.0f} "
        f"| {p50:.1f} | {p99:.1f} |"
    )
