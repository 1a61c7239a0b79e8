"""What may arrive before a request is one: bounded in size."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.serving import Hanse, until


def ask(hanse: Hanse, data: bytes) -> bytes:
    address = urlsplit(hanse.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        answer = b""
        try:
            connection.sendall(data)
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:
            pass  # it was cut off while we were still sending
        return answer


def test_a_head_of_megabytes_is_refused_before_it_is_read(hanse: Hanse) -> None:
    head = b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: "
    assert not ask(hanse, head + b"a" * 20_000_000).startswith(b"HTTP/1.1 200")
    assert httpx.get(f"{hanse.url}/livez").status_code == 200


@pytest.mark.parametrize(("size", "status"), [(10_000, b"200"), (20_000, b"431")])
def test_the_head_is_bounded(hanse: Hanse, size: int, status: bytes) -> None:
    head = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: "
    assert ask(hanse, head + b"a" * size + b"\r\n\r\n").split()[1] == status


def test_many_requests_on_one_connection_do_not_add_up(hanse: Hanse) -> None:
    with hanse.client() as client:
        for _ in range(60):
            assert client.get("/livez", headers={"X-Long": "a" * 8_000}).status_code == 200


def test_a_client_that_goes_away_is_no_mistake_of_ours(hanse: Hanse) -> None:
    key = hanse.make_key()
    address = urlsplit(hanse.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(
            b"POST /v2/translate HTTP/1.1\r\nHost: x\r\nX-Request-Id: gone-away-1\r\n"
            b"Authorization: Bearer " + key.encode() + b"\r\n"
            b"Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{"
        )
    until(lambda: any("gone-away-1" in line for line in hanse.lines), 10)
    line = next(line for line in hanse.lines if "gone-away-1" in line)
    assert '"status": 499' in line


def test_a_compressed_body_is_refused_by_name(hanse: Hanse) -> None:
    with hanse.client(hanse.make_key()) as client:
        answer = client.post(
            "/v2/translate", content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}
        )
    assert answer.status_code == 415
    assert "gzip" in answer.json()["message"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/"])
def test_a_load_balancer_may_ask_by_head(hanse: Hanse, path: str) -> None:
    answer = httpx.head(hanse.url + path)
    assert answer.status_code == 200
    assert answer.content == b""
