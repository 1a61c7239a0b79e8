"""The API keeps its own promise: whatever fits its document, or does not, never ends in a 500."""

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings, strategies

from hanse.identity import Permission
from tests.serving import Hanse

CASES_EACH = 12


@pytest.fixture(scope="module")
def authorization(hanse: Hanse) -> dict[str, str]:
    made = hanse.command("key", "create", "fuzz", *(f"--scope={each}" for each in Permission))
    assert made.returncode == 0, made.stderr
    return {"Authorization": f"Bearer {made.stdout.strip()}"}


def test_no_request_ends_in_a_500(hanse: Hanse, authorization: dict[str, str]) -> None:
    schema = schemathesis.openapi.from_url(f"{hanse.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 10
    with requests.Session() as session:
        session.headers.update(authorization)
        for operation in operations:
            _fuzz(operation, session)


def _fuzz(operation: schemathesis.schemas.APIOperation, session: requests.Session) -> None:
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]

    @settings(
        max_examples=CASES_EACH,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=strategies.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)))
    def fuzz(case: schemathesis.Case) -> None:
        response = case.call(session=session)
        # 501 says that the contract has it and this server does not: an answer, no mistake.
        assert response.status_code < 500 or response.status_code == 501, (
            case.as_curl_command(),
            response.text,
        )

    fuzz()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v2/translate", b"\xff\xfe"),
        ("POST", "/v1/people", b"\xff"),
        ("POST", "/v1/people", b"[" * 100_000),
        ("POST", "/v2/translate", b'{"text": ' + b"[" * 50_000),
        ("POST", "/v1/api-keys", b"null"),
        ("POST", "/v1/people", b"a" * 200_000),
        ("PUT", "/v1/people", b"{}"),
        ("GET", "/v1/%ff%fe", b""),
        ("DELETE", "/v1/api-keys/not-a-uuid", b""),
        ("BREW", "/v1/people", b""),
    ],
)
def test_raw_nonsense_is_the_callers_error(
    hanse: Hanse, authorization: dict[str, str], method: str, path: str, body: bytes
) -> None:
    answer = httpx.request(
        method,
        hanse.url + path,
        content=body,
        headers={**authorization, "Content-Type": "application/json"},
    )
    assert 400 <= answer.status_code < 500, answer.text
