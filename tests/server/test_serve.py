"""The tree as a person runs it: one command, the official client, the command line."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import deepl
import httpx
import pytest

from tests.serving import Hanse, command, temporary_home, until


@pytest.fixture(scope="module")
def client(hanse: Hanse) -> httpx.Client:
    return hanse.client(hanse.make_key())


def test_the_official_client_gets_a_real_portuguese_sentence(hanse: Hanse) -> None:
    client = deepl.DeepLClient(hanse.make_key(), server_url=hanse.url)
    result = client.translate_text("The house stands by the river.", target_lang="PT-BR")
    assert isinstance(result, deepl.TextResult)
    assert result.detected_source_lang == "EN"
    assert {"casa", "rio"} <= set(re.findall(r"\w+", result.text.lower()))
    back = client.translate_text("A casa fica perto do rio.", target_lang="EN-GB")
    assert isinstance(back, deepl.TextResult)
    assert {"house", "river"} <= set(re.findall(r"\w+", back.text.lower()))


def test_a_translation_is_in_the_usage_soon_after(hanse: Hanse) -> None:
    client = deepl.DeepLClient(hanse.make_key(), server_url=hanse.url)
    client.translate_text("Twelve chars", source_lang="EN", target_lang="PT-BR")

    def counted() -> bool:
        with hanse.client(client.headers["Authorization"].split()[1]) as http:
            return http.get("/v2/usage").json()["api_key_character_count"] == 12

    until(counted, 20, "the usage did not reach 12 characters")


def test_the_shell_translates_and_keeps_the_layout(hanse: Hanse) -> None:
    text = "Good morning.\n\n  The house is big.\r\n\tThank you.\n"
    done = hanse.command("translate", "--to", "pt", text=text)
    assert done.returncode == 0, done.stderr
    assert re.sub(r"\S[^\n\r]*", "x", done.stdout) == re.sub(r"\S[^\n\r]*", "x", text)
    assert "casa" in done.stdout


def test_the_shell_translates_without_a_server() -> None:
    with temporary_home() as home:
        done = command(
            Hanse.environment_for(home, {}),
            "translate",
            "--from",
            "en",
            "--to",
            "pt",
            text="The house is big.\n",
        )
    assert done.returncode == 0, done.stderr
    assert "casa" in done.stdout


def test_the_shell_says_what_it_cannot_do(hanse: Hanse) -> None:
    done = hanse.command("translate", "--to", "xx", text="Good morning.")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")


def test_the_parts_report_ready(client: httpx.Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"] == {"database": "ok", "bus": "ok", "inference": "ok"}
    assert client.get("/livez").status_code == 200


def test_metrics_cover_web_and_inference(client: httpx.Client) -> None:
    text = client.get("/metrics").text
    assert "hanse_http_requests_total" in text
    assert "hanse_inference_" in text


def test_metrics_are_not_for_those_behind_a_proxy(client: httpx.Client) -> None:
    answer = client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert answer.status_code == 403


def test_a_request_id_is_kept_and_answered(client: httpx.Client) -> None:
    answer = client.get("/v1/me", headers={"X-Request-Id": "my-request-0001"})
    assert answer.headers["x-request-id"] == "my-request-0001"
    made = client.get("/v1/me", headers={"X-Request-Id": "bad id"}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", made)


def test_a_log_line_names_its_request_and_keeps_secrets(hanse: Hanse, client: httpx.Client) -> None:
    client.get("/v1/me", headers={"X-Request-Id": "find-me-in-the-log"})
    client.get("/sign-in/a-very-secret-token", headers={"X-Request-Id": "find-me-too-please"})
    until(lambda: any("find-me-too-please" in line for line in hanse.lines), 10)
    assert any("find-me-in-the-log" in line and "/v1/me" in line for line in hanse.lines)
    assert not any("a-very-secret-token" in line for line in hanse.lines)


def test_limits_are_told_in_standard_headers(client: httpx.Client) -> None:
    answer = client.get("/v1/me")
    assert re.fullmatch(r'"default";q=\d+;w=60', answer.headers["ratelimit-policy"])
    assert re.fullmatch(r'"default";r=\d+;t=\d+', answer.headers["ratelimit"])


def test_the_api_page_needs_no_other_server(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert link.startswith("/")
        assert client.get(link).status_code == 200


def test_the_document_is_openapi_3_1_with_named_operations(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    ]
    assert len(operations) == len(set(operations)) >= 10


def test_an_unknown_page_is_a_problem_in_the_form_of_its_api(client: httpx.Client) -> None:
    own = client.get("/v1/nothing")
    assert (own.status_code, own.json()["status"]) == (404, 404)
    deepls = client.get("/v2/nothing")
    assert deepls.status_code == 404
    assert set(deepls.json()) <= {"message", "code", "detail"}


def test_a_second_server_in_the_same_home_is_refused(hanse: Hanse) -> None:
    done = hanse.command("serve")
    assert done.returncode == 1
    assert "already runs" in done.stderr


def test_many_clients_at_once_all_get_their_own_answers(hanse: Hanse) -> None:
    key = hanse.make_key()
    texts = [f"The letter number {number} is on the table." for number in range(40)]
    local = threading.local()

    def translate(text: str) -> str:
        if not hasattr(local, "client"):
            local.client = hanse.client(key)
        answer = local.client.post(
            "/v2/translate", json={"text": [text], "source_lang": "EN", "target_lang": "PT-BR"}
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["translations"][0]["text"])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(translate, texts))
    for number, answer in enumerate(answers):
        assert str(number) in answer


def test_commands_without_a_server_say_how_to_start_one() -> None:
    with temporary_home() as home:
        done = command(Hanse.environment_for(home, {}), "key", "create", "x")
    assert done.returncode == 1
    assert "make run" in done.stderr
    assert done.stdout == ""
