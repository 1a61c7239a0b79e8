"""A cached sentence: requests a second of one web process, and the wait of the slowest.

Each request is authenticated, taken out of the rate limit, answered from the cache, and recorded
with its event in a transaction that is on disk before the answer goes out.
"""

import subprocess
import sys

import msgspec

from tests.serving import serving

SECONDS = 8
CONNECTIONS = (1, 8, 32)

# The load comes from a process of its own, so that its work is not counted as the server's.
_LOAD = """
import asyncio, json, sys, time
url, key, connections, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
host, port = url.removeprefix("http://").split(":")
body = json.dumps({"text": ["The house stands by the river."], "source_lang": "EN",
                   "target_lang": "PT-BR"}).encode()
request = (f"POST /v2/translate HTTP/1.1\\r\\nHost: {host}\\r\\nAuthorization: DeepL-Auth-Key {key}"
           f"\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
           ).encode() + body
waits = []
async def connection(until):
    reader, writer = await asyncio.open_connection(host, int(port))
    while time.perf_counter() < until:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\\r\\n\\r\\n")
        assert b" 200 " in head.split(b"\\r\\n")[0], head
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\\r\\n")
                      if line.startswith(b"content-length"))
        await reader.readexactly(length)
        waits.append(time.perf_counter() - started)
    writer.close()
async def main():
    until = time.perf_counter() + seconds
    await asyncio.gather(*(connection(until) for _ in range(connections)))
asyncio.run(main())
print(json.dumps({"count": len(waits), "waits": sorted(waits)}))
"""


def run() -> str:
    """Measure and return the section."""
    rows = []
    with serving(HANSE_WEB_PROCESSES="1", HANSE_RATE_LIMIT_PER_MINUTE="10000000") as hanse:
        key = hanse.make_key()
        for connections in CONNECTIONS:
            told = subprocess.run(
                [sys.executable, "-c", _LOAD, hanse.url, key, str(connections), str(SECONDS)],
                capture_output=True,
                check=True,
            )
            waits = msgspec.json.decode(told.stdout)["waits"]
            rows.append(
                f"| {connections} | {len(waits) / SECONDS:.0f} | {_at(waits, 0.5):.1f} ms "
                f"| {_at(waits, 0.99):.1f} ms |"
            )
    return f"""## A cached sentence

One web process, {SECONDS} s a row. Each request is authenticated, rate-limited, and recorded \
durably (row and event, on disk) before it is answered; the load generator shares the machine.

| connections | requests/s | p50 | p99 |
|---|---|---|---|
{chr(10).join(rows)}

Command: `python -m benchmarks cached`
"""


def _at(waits: list[float], quantile: float) -> float:
    return waits[min(len(waits) - 1, int(len(waits) * quantile))] * 1000
