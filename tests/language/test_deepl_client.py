"""The official Python client works with nothing but another server URL."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from typing import Any, TypeVar

import deepl
import pytest

Result = TypeVar("Result")


@pytest.fixture
def translator(server: Any, key: str) -> deepl.DeepLClient:
    return deepl.DeepLClient(key, server_url=server.url)


async def call(act: Callable[[], Result]) -> Result:
    """The client blocks, and the server runs in this very thread."""
    return await asyncio.to_thread(act)


async def test_text_is_translated_both_ways(translator: deepl.DeepLClient) -> None:
    result: Any = await call(
        lambda: translator.translate_text("Hello, world!", target_lang="PT-BR")
    )
    assert "mundo" in result.text
    assert result.detected_source_lang == "EN"
    assert result.billed_characters == 13
    result = await call(
        lambda: translator.translate_text(
            "Bom dia, mundo!", source_lang="PT", target_lang=deepl.Language.ENGLISH_AMERICAN
        )
    )
    assert "world" in result.text
    assert result.detected_source_lang == "PT"


async def test_every_harmless_option_is_accepted(translator: deepl.DeepLClient) -> None:
    [first, second] = await call(
        lambda: translator.translate_text(
            ["Good morning.\nHow are you?", "Yes"],
            source_lang="en",
            target_lang="pt-br",
            context="A letter to a friend.",
            split_sentences=deepl.SplitSentences.NO_NEWLINES,
            preserve_formatting=True,
            formality=deepl.Formality.PREFER_LESS,
            model_type=deepl.ModelType.PREFER_QUALITY_OPTIMIZED,
            extra_body_parameters={"debug": 1},
        )
    )
    assert "Bom dia" in first.text
    assert first.model_type_used == "latency_optimized"
    assert second.text == "Sim"


async def test_the_official_command_line_translates(server: Any, key: str) -> None:
    command = [sys.executable, "-m", "deepl", "--auth-key", key, "--server-url", server.url]
    process = await asyncio.create_subprocess_exec(
        *command, "text", "--to", "pt-br", "Good morning", stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert (process.returncode, out.decode().strip()) == (0, "Bom dia"), err.decode()


async def test_refusals_reach_the_caller_as_the_clients_own_errors(
    translator: deepl.DeepLClient, server: Any
) -> None:
    with pytest.raises(deepl.DeepLException, match="target_lang"):
        await call(lambda: translator.translate_text("Hello", target_lang="XX"))
    with pytest.raises(deepl.DeepLException, match="source_lang"):
        await call(
            lambda: translator.translate_text("Hello", source_lang="XX", target_lang="PT-BR")
        )
    with pytest.raises(deepl.DeepLException, match="formality"):
        await call(
            lambda: translator.translate_text("Hello", target_lang="PT-BR", formality="more")
        )
    with pytest.raises(deepl.DeepLException, match="Tag handling parsing failed"):
        await call(
            lambda: translator.translate_text("<b>Hi", target_lang="PT-BR", tag_handling="xml")
        )
    stranger = deepl.DeepLClient("hns_wrong", server_url=server.url)
    with pytest.raises(deepl.AuthorizationException):
        await call(lambda: stranger.translate_text("Hello", target_lang="PT-BR"))


async def test_languages_are_listed_although_the_client_sends_a_body_with_its_get(
    translator: deepl.DeepLClient,
) -> None:
    sources = await call(translator.get_source_languages)
    assert [str(language) for language in sources] == ["EN", "PT"]
    targets = await call(translator.get_target_languages)
    assert [str(language) for language in targets] == ["EN-GB", "EN-US", "PT-BR", "PT-PT"]
    assert [language.supports_formality for language in targets] == [False] * 4


async def test_usage_is_read(translator: deepl.DeepLClient) -> None:
    usage = await call(translator.get_usage)
    assert usage.character.valid
    assert not usage.any_limit_reached


async def test_tags_are_carried_over(translator: deepl.DeepLClient) -> None:
    [html, xml] = await call(
        lambda: [
            translator.translate_text(
                text, source_lang="en", target_lang="pt-br", tag_handling=kind, **more
            )
            for text, kind, more in [
                (
                    '<p>Click <b>here</b>: A &lt; B.</p>\n<p translate="no">Acme House</p>',
                    "html",
                    {},
                ),
                (
                    "<doc><t>My <i>brother</i> lives in <x>the house</x>.</t></doc>",
                    "xml",
                    {"ignore_tags": ["x"], "outline_detection": True},
                ),
            ]
        ]
    )
    assert html.text.startswith("<p>Clique <b>aqui</b>: A &lt; B.</p>")
    assert html.text.endswith('</p>\n<p translate="no">Acme House</p>')
    assert html.billed_characters == len("Click here: A < B.")
    assert xml.text.startswith("<doc><t>Meu <i>irmão</i> ")
    assert "<x>the house</x>" in xml.text
