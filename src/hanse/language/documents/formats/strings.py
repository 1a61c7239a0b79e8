"""The strings of YAML files (YAML 1.2): values and items, never keys.

Only what a string's node covers is written anew, in the style that it had; comments, order, anchors
and everything else come out as they went in. Aliases are not followed, so none can be a bomb.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from hanse.language.documents.formats import Block, InvalidFile
from hanse.language.documents.formats.plain import decode
from hanse.language.projection import Marked

DEPTH_MAX: Final = 100
_STRING: Final = "tag:yaml.org,2002:str"
_BLOCK_HEAD: Final = re.compile(r"[|>][^\n]*\n")


class _Scalar(Struct, frozen=True):
    """A string: where it stands, as it is written there, and what it says."""

    start: int
    end: int
    style: str
    raw: str
    value: str


class _Yaml:
    def read(self, data: bytes) -> list[Marked]:
        return [Marked(scalar.value) for scalar in _scalars(decode(data).text)]

    def write(self, data: bytes, blocks: Sequence[Block]) -> bytes:
        decoded = decode(data)
        parts = []
        done = 0
        for scalar, block in zip(_scalars(decoded.text), blocks, strict=True):
            parts += [decoded.text[done : scalar.start], _written(scalar, block.text)]
            done = scalar.end
        return decoded.encode("".join(parts) + decoded.text[done:])


def _scalars(text: str) -> list[_Scalar]:
    yaml = YAML(typ="rt", pure=True)
    # Without a bound the parser's time grows with the square of the depth.
    yaml.max_depth = DEPTH_MAX
    try:
        documents = list(yaml.compose_all(text))
    except MaxDepthExceededError as error:
        raise InvalidFile(f"Invalid file: it is nested more than {DEPTH_MAX} deep.") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise InvalidFile("Invalid file: it is not well-formed YAML.") from error
    found: list[_Scalar] = []
    seen: set[int] = set()
    for document in documents:
        if document is not None:
            found += _walk(document, text, seen)
    return sorted(found, key=lambda scalar: scalar.start)


def _walk(node: Any, text: str, seen: set[int]) -> Iterator[_Scalar]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, MappingNode):
        for _, value in node.value:
            yield from _walk(value, text, seen)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _walk(item, text, seen)
    elif isinstance(node, ScalarNode) and str(node.tag) == _STRING and node.value.strip():
        start, end = node.start_mark.index, node.end_mark.index
        style = node.style or ""
        if style in ("|", ">"):
            # The node of a block runs on to the next token; its last line ends it.
            end = start + len(text[start:end].rstrip())
            # ruamel.yaml marks the folds of a folded block by a bell.
            value = node.value.rstrip("\n\a").replace("\a", "")
        else:
            value = node.value
        yield _Scalar(start, end, style, text[start:end], value)


def _written(scalar: _Scalar, text: str) -> str:
    if text == scalar.value:
        return scalar.raw
    if scalar.style in ("|", ">"):
        head = _BLOCK_HEAD.match(scalar.raw)
        assert head is not None, "a block begins with its indicator"
        lines = scalar.raw[head.end() :].split("\n")
        first = next(line for line in lines if line.strip())
        indent = first[: len(first) - len(first.lstrip(" "))]
        separator = "\n" if scalar.style == "|" else "\n\n"
        paragraphs = [f"{indent}{line}" if line else "" for line in text.split("\n")]
        return head[0] + separator.join(paragraphs)
    if scalar.style == "'" and "\n" not in text:
        return "'" + text.replace("'", "''") + "'"
    if scalar.style == "" and _is_plain(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Say whether a text says the same without quotation marks, in a flow or a block."""
    if re.search(r"[\[\]{},\n]", text):
        return False
    try:
        node = YAML(typ="rt", pure=True).compose(f"x: {text}").value[0][1]
    except (YAMLError, ValueError, AttributeError):
        return False
    return str(node.tag) == _STRING and node.value == text


yaml_strings: Final = _Yaml()
