from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.segment import SplitMode
from hanse.language.tags import TagOptions
from hanse.language.wire import (
    WITHOUT_EFFECT,
    InvalidParameter,
    MalformedBody,
    UnsupportedMediaType,
    decode_body,
    parse_reporting_tag,
    parse_translate,
)
from hanse.platform.problems import Problem

FORM = "application/x-www-form-urlencoded"


def asked(**fields: Any) -> Any:
    return parse_translate({"text": ["Hello"], "target_lang": "PT-BR", **fields})


def refusal(**fields: Any) -> str:
    with pytest.raises(InvalidParameter) as problem:
        asked(**fields)
    return problem.value.detail


def test_a_form_and_a_json_body_ask_for_the_same() -> None:
    form = decode_body(
        b"text=Hello&text=Ol%C3%A1+mundo&target_lang=pt-br&source_lang=EN&unknown=1"
        b"&show_billed_characters=1&split_sentences=nonewlines&preserve_formatting=0",
        FORM + "; charset=UTF-8",
    )
    body = decode_body(
        b'{"text": ["Hello", "Ol\\u00e1 mundo"], "target_lang": "PT-BR", "source_lang": "en",'
        b'"unknown": {"a": 1}, "show_billed_characters": true, "split_sentences": "nonewlines",'
        b'"preserve_formatting": false, "context": null}',
        "Application/JSON",
    )
    assert parse_translate(form) == parse_translate(body)
    assert parse_translate(form).texts == ("Hello", "Olá mundo")
    assert parse_translate(form).target == "pt-BR"


def test_a_body_without_a_type_is_read_as_what_it_looks_like() -> None:
    assert decode_body(b' {"a": 1}', None) == {"a": 1}
    assert decode_body(b"a=1&a=2", None) == {"a": ["1", "2"]}


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b'{"text": ["\xff"]}', "application/json", "UTF-8"),
        (b'{"text": ["\\ud800"]}', "application/json", "JSON"),
        (b'{"text": ["\\ud800"]}', "application/json", "surrogate"),
        (b'{"a": 1e999}', "application/json", "out of range"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "application/json", "out of range"),
        (b'["text"]', "application/json", "object"),
        (b"", "application/json", "JSON"),
        (b"[" * 100_000, "application/json", "JSON"),
        (b'{"a":' * 50_000, "application/json", "JSON"),
        (b"text=\xff", FORM, "UTF-8"),
        (b"text=%ff", FORM, "UTF-8"),
        (b"text=%ed%a0%80", FORM, "UTF-8"),
        (b"a=1&" * 2_000, FORM, "1000"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    body: bytes, content_type: str, message: str
) -> None:
    with pytest.raises(MalformedBody, match=message):
        decode_body(body, content_type)


def test_another_kind_of_body_is_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        decode_body(b"<a/>", "text/xml")


def test_what_is_left_out_has_the_contracts_defaults() -> None:
    request = asked()
    assert request.source is None
    assert request.split_mode is SplitMode.PUNCTUATION_AND_NEWLINES
    assert not request.shows_billed_characters
    assert request.model_type is None


@pytest.mark.parametrize("value", [True, 1, "1", "true", ["1"], ["True"]])
def test_a_flag_is_true_in_every_spelling(value: object) -> None:
    assert asked(show_billed_characters=value).shows_billed_characters


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"target_lang": None}, "Parameter 'target_lang' not specified."),
        ({"target_lang": []}, "Parameter 'target_lang' not specified."),
        ({"target_lang": "xx"}, "Value for 'target_lang' not supported."),
        ({"target_lang": "pt_BR"}, "Value for 'target_lang' not supported."),
        ({"target_lang": 7}, "Parameter 'target_lang' must be a string."),
        ({"target_lang": ["PT", "DE"]}, "Parameter 'target_lang' must be given once."),
        ({"source_lang": "klingon"}, "Value for 'source_lang' not supported."),
        ({"text": None}, "Parameter 'text' not specified."),
        ({"text": []}, "Parameter 'text' must have at least one text."),
        ({"text": "Hello"}, "Parameter 'text' must be an array of strings."),
        ({"text": ["Hello", 1]}, "Parameter 'text' must be an array of strings."),
        ({"text": ["x"] * 51}, "Parameter 'text' has 51 texts; 50 are allowed in one request."),
        ({"split_sentences": 2}, "Value for 'split_sentences' not supported."),
        ({"split_sentences": False}, "Parameter 'split_sentences' must be a string."),
        ({"split_sentences": "2"}, "Value for 'split_sentences' not supported."),
        ({"model_type": "best"}, "Value for 'model_type' not supported."),
        ({"formality": "very"}, "Value for 'formality' not supported."),
        ({"preserve_formatting": "yes"}, "Value for 'preserve_formatting' not supported."),
        ({"context": ["a", "b"]}, "Parameter 'context' must be given once."),
        ({"context": {"a": 1}}, "Parameter 'context' must be a string."),
    ],
)
def test_a_wrong_parameter_is_named(fields: dict[str, Any], message: str) -> None:
    assert refusal(**fields) == message


@pytest.mark.parametrize("formality", ["more", "LESS"])
def test_a_formality_that_no_language_has_is_refused(formality: str) -> None:
    message = refusal(formality=formality)
    assert "formality" in message
    assert "Target language 'PT-BR' doesn't support formality." in message


@pytest.mark.parametrize("formality", ["default", "prefer_more", "Prefer_Less", None])
def test_a_preferred_formality_never_fails(formality: str | None) -> None:
    asked(formality=formality)


@pytest.mark.parametrize("parameter", ["style_id", "translation_memory_id"])
@pytest.mark.parametrize("value", ["1", True, ["x"], {"a": 1}, 0])
def test_an_id_that_is_none_is_refused(parameter: str, value: object) -> None:
    assert parameter in refusal(**{parameter: value})


@pytest.mark.parametrize("value", [-1, 101, "x", 1.5, True, [1, 2]])
def test_a_threshold_out_of_range_is_refused(value: object) -> None:
    assert "0 to 100" in refusal(translation_memory_threshold=value)


@pytest.mark.parametrize("value", [0, 100, "80", ["80"]])
def test_a_threshold_is_a_number_or_a_field_of_a_form(value: Any) -> None:
    percent = int(value[0]) if isinstance(value, list) else int(value)
    assert asked(translation_memory_threshold=value).memory_percent_min == percent


def test_what_no_engine_can_heed_is_noted() -> None:
    wishes = asked(context="x", custom_instructions=["y"], formality="prefer_more").wishes
    assert wishes.names == ("context", "custom_instructions", "formality")
    assert (wishes.context, wishes.instructions, wishes.formality) == ("x", ("y",), "more")
    assert asked(context="", custom_instructions=[], formality="default").wishes.names == ()


@pytest.mark.parametrize("value", [[1], {"a": 1}, ["x"] * 11, ["x" * 301]])
def test_instructions_that_are_none_are_refused(value: object) -> None:
    assert "custom_instructions" in refusal(custom_instructions=value)


@pytest.mark.parametrize("parameter", WITHOUT_EFFECT)
@pytest.mark.parametrize("value", ["1", "0", True, 7, ["x"], None])
def test_what_has_no_effect_alone_is_accepted(parameter: str, value: object) -> None:
    assert asked(**{parameter: value}) == asked()


def test_tags_are_read_as_the_options_say() -> None:
    assert asked().tags is None
    assert asked(tag_handling="html").split_mode is SplitMode.PUNCTUATION
    tags = asked(
        tag_handling="XML",
        tag_handling_version="v1",
        outline_detection=False,
        splitting_tags=["par,title"],
        ignore_tags="x",
    ).tags
    assert tags == TagOptions(
        "xml", "v1", False, frozenset({"par", "title"}), frozenset(), frozenset({"x"})
    )
    assert "tag_handling" in refusal(tag_handling="markdown")
    assert "ignore_tags" in refusal(tag_handling="xml", ignore_tags=[1])


@pytest.mark.parametrize("value", [0, "0", ["0"]])
def test_a_split_mode_may_be_a_number(value: object) -> None:
    assert asked(split_sentences=value).split_mode is SplitMode.NONE


@pytest.mark.parametrize("parameter", ["style_id", "translation_memory_id", "custom_instructions"])
@pytest.mark.parametrize("value", [None, "", []])
def test_an_absent_parameter_may_be_spelled_out(parameter: str, value: object) -> None:
    asked(**{parameter: value})


def test_an_endless_reporting_tag_is_refused() -> None:
    assert parse_reporting_tag("campaign") == "campaign"
    assert parse_reporting_tag("") is None
    with pytest.raises(InvalidParameter, match="Reporting-Tag"):
        parse_reporting_tag("x" * 257)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["text", "target_lang", "source_lang", "context", "formality", "split_sentences", "ignore_tags"]
)


def outcome(act: Callable[[], object]) -> int:
    try:
        act()
    except Problem as problem:
        return problem.status
    return 200


@given(fields=st.dictionaries(NAMES, JSON_VALUES | st.just(["a"]) | st.just("en")))
def test_any_fields_are_parsed_or_refused_as_a_bad_request(fields: dict[str, Any]) -> None:
    assert outcome(lambda: parse_translate(fields)) in (200, 400)


@given(body=st.binary(max_size=60), content_type=st.sampled_from(["application/json", FORM, None]))
def test_any_bytes_are_decoded_or_refused(body: bytes, content_type: str | None) -> None:
    assert outcome(lambda: msgspec.json.encode(decode_body(body, content_type))) in (200, 400)
