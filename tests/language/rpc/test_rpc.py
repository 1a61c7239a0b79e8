"""The language system over gRPC, by a client of its own."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from hanse.language.rpc import language_pb2 as pb
from hanse.language.rpc import language_pb2_grpc
from hanse.language.rpc.server import MESSAGE_BYTES_MAX, SERVICE, serve_rpc
from tests.eventing import going
from tests.language.conftest import LanguageServer
from tests.serving import Hanse

PERMISSION_DENIED = grpc.StatusCode.PERMISSION_DENIED
TEXT = "The house is very old. Close {name}, please."


@pytest.fixture(scope="module")
async def channel(server: LanguageServer) -> AsyncIterator[Any]:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def run(stop: asyncio.Event) -> None:
        await serve_rpc(
            "127.0.0.1:0",
            server.db,
            server.inference,
            per_minute=6000,
            characters_per_month_max=0,
            stop=stop,
            drain_s=1.0,
            on_ready=port.set_result,
        )

    async with going(run):
        address = f"127.0.0.1:{await port}"
        options = [("grpc.max_send_message_length", 10 * MESSAGE_BYTES_MAX)]
        async with grpc.aio.insecure_channel(address, options=options) as channel:
            yield channel


@pytest.fixture
def stub(channel: Any) -> Any:
    return language_pb2_grpc.LanguageStub(channel)


@pytest.fixture
def sent(key: str) -> Any:
    return (("authorization", f"DeepL-Auth-Key {key}"),)


async def refusal(call: Any) -> Any:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_texts_are_translated_and_counted(stub: Any, sent: Any) -> None:
    request = pb.TranslateRequest(texts=[TEXT, "Good morning"], target_language="pt-br")
    answer = await stub.Translate(request, metadata=sent)
    first, second = answer.translations
    assert "casa" in first.text
    assert "{name}" in first.text
    assert (second.detected_source_language, second.billed_characters) == ("EN", 12)


async def test_tags_are_handled(stub: Any, sent: Any) -> None:
    request = pb.TranslateRequest(
        texts=["<b>House</b>"], target_language="PT", source_language="en", tag_handling="html"
    )
    [translation] = (await stub.Translate(request, metadata=sent)).translations
    assert translation.text.startswith("<b>")


async def test_sentences_come_in_order_and_the_whole_last(stub: Any, sent: Any) -> None:
    request = pb.TranslateStreamRequest(text=TEXT, target_language="pt")
    answers = [each async for each in stub.TranslateStream(request, metadata=sent)]
    *parts, last = answers
    assert "".join(TEXT[each.part.start : each.part.end] for each in parts) == TEXT
    assert "".join(each.part.text for each in parts) == last.whole.text
    assert [each.part.is_sentence for each in parts] == [True, False, True]
    assert last.whole.billed_characters == len(TEXT)


async def test_a_stream_takes_sentences_from_a_memory_and_follows_a_style(
    stub: Any, sent: Any, server: LanguageServer, key: str
) -> None:
    source = "The house is very old."
    async with server.client(key) as http:
        path = "/v3/translation_memories"
        named = {"name": "One", "source_language": "en", "target_languages": ["pt"]}
        memory = (await http.post(path, json=named)).json()["translation_memory_id"]
        kept = {"source_text": source, "target_language": "pt", "target_text": "Casa velha!"}
        await http.post(f"{path}/{memory}/segments", json={"segments": [kept]})
        rules = {"punctuation": {"exclamation_marks": "do_not_use"}}
        body = {"name": "One", "language": "pt", "configured_rules": rules}
        style = (await http.post("/v3/style_rules", json=body)).json()["style_id"]
    asked = {"text": source, "target_language": "pt", "source_language": "en"}
    request = pb.TranslateStreamRequest(**asked, translation_memory_id=memory, style_id=style)
    *_, last = [each async for each in stub.TranslateStream(request, metadata=sent)]
    assert last.whole.text == "Casa velha."
    for wrong in ({"style_id": memory}, {"translation_memory_id": style}):
        call = stub.TranslateStream(pb.TranslateStreamRequest(**asked, **wrong), metadata=sent)
        assert (await refusal(call.read())).code() in (
            grpc.StatusCode.NOT_FOUND,
            grpc.StatusCode.INVALID_ARGUMENT,
        )


async def test_languages_are_recognised(stub: Any, sent: Any) -> None:
    answer = await stub.Detect(pb.DetectRequest(texts=["Bom dia a todos", "1"]), metadata=sent)
    first, second = answer.detections
    assert (first.language, first.status) == ("pt", "success")
    assert (second.language, second.status) == ("", "no_language_detected")


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED),
        ((("authorization", "DeepL-Auth-Key x"),), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
async def test_callers_without_a_key_are_refused(stub: Any, credentials: Any, code: Any) -> None:
    request = pb.TranslateRequest(texts=["x"], target_language="pt")
    assert (await refusal(stub.Translate(request, metadata=credentials))).code() is code
    request = pb.TranslateStreamRequest(text="x", target_language="pt")
    call = stub.TranslateStream(request, metadata=credentials)
    assert (await refusal(call.read())).code() is code


async def test_a_key_needs_the_scope(stub: Any, server: LanguageServer) -> None:
    sent = (("authorization", f"Bearer {await server.make_key(['usage:read'])}"),)
    error = await refusal(stub.Detect(pb.DetectRequest(texts=["x"]), metadata=sent))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "translate:text" in error.details()


@pytest.mark.parametrize(
    ("request_", "hanse_code"),
    [
        (pb.TranslateRequest(texts=["x"], target_language="xx"), "invalid_parameter"),
        (pb.TranslateRequest(texts=["x"]), "invalid_parameter"),
        (pb.TranslateRequest(target_language="pt"), "invalid_parameter"),
        (pb.TranslateRequest(texts=["x"] * 51, target_language="pt"), "invalid_parameter"),
        (pb.TranslateRequest(texts=["x"], target_language="ja"), "unsupported_language_pair"),
    ],
)
async def test_what_cannot_be_done_has_a_code(
    stub: Any, sent: Any, request_: Any, hanse_code: str
) -> None:
    error = await refusal(stub.Translate(request_, metadata=sent))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert dict(error.trailing_metadata())["hanse-code"] == hanse_code


async def test_a_message_that_is_too_large_is_refused(stub: Any, sent: Any) -> None:
    request = pb.TranslateRequest(texts=["x" * (MESSAGE_BYTES_MAX + 1)], target_language="pt")
    error = await refusal(stub.Translate(request, metadata=sent))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_the_tree_serves_it_where_the_setting_says(hanse: Hanse) -> None:
    sent = (("authorization", f"Bearer {hanse.make_key()}"),)
    with grpc.insecure_channel(hanse.environment["HANSE_RPC_ADDRESS"]) as channel:
        stub = language_pb2_grpc.LanguageStub(channel)
        request = pb.TranslateRequest(texts=["Good morning"], target_language="pt-BR")
        answer = stub.Translate(request, metadata=sent, timeout=20, wait_for_ready=True)
    assert answer.translations[0].text == "Bom dia"


async def test_health_and_reflection_tell_of_the_service(channel: Any) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    told = await health.Check(health_pb2.HealthCheckRequest(service=SERVICE))
    assert told.status == health_pb2.HealthCheckResponse.SERVING
    reflected = reflection_pb2_grpc.ServerReflectionStub(channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    call = reflected.ServerReflectionInfo(iter([request]))
    names = {each.name for each in (await call.read()).list_services_response.service}
    assert SERVICE in names


def test_the_generated_code_is_that_of_the_proto(tmp_path: Path) -> None:
    source = Path(__file__).parents[3] / "src"
    proto = "hanse/language/rpc/language.proto"
    outs = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{source}", *outs, str(source / proto)]
    subprocess.run(command, check=True)
    for made in (tmp_path / "hanse/language/rpc").iterdir():
        assert made.read_text() == (source / "hanse/language/rpc" / made.name).read_text()


async def test_texts_become_vectors(server: LanguageServer, stub: Any) -> None:
    sent = (("authorization", f"Bearer {await server.make_key(['embeddings'])}"),)
    answer = await stub.Embed(pb.EmbedRequest(texts=["A house", "Otters"]), metadata=sent)
    assert answer.model == "multilingual-e5-small"
    assert [len(each.values) for each in answer.embeddings] == [384, 384]
    assert all(each.tokens >= 3 for each in answer.embeddings)
    query = pb.EmbedRequest(texts=["A house"], purpose=pb.EMBED_PURPOSE_QUERY)
    [asked] = (await stub.Embed(query, metadata=sent)).embeddings
    assert asked.values != answer.embeddings[0].values


async def test_vectors_need_their_scope_and_texts(
    server: LanguageServer, stub: Any, sent: Any
) -> None:
    request = pb.EmbedRequest(texts=["A house"])
    assert (await refusal(stub.Embed(request, metadata=sent))).code() == PERMISSION_DENIED
    allowed = (("authorization", f"Bearer {await server.make_key(['embeddings'])}"),)
    for wrong in ([], [""], ["house " * 600]):
        refused = await refusal(stub.Embed(pb.EmbedRequest(texts=wrong), metadata=allowed))
        assert refused.code() == grpc.StatusCode.INVALID_ARGUMENT
