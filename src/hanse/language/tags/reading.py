"""Cuts a text with tags into its parts. No I/O."""

import html
import re
from collections.abc import Sequence
from typing import Final, Literal

from lxml import etree
from msgspec import Struct

from hanse.language.projection import Marked
from hanse.language.segment import Span
from hanse.language.tags.names import INLINE, OPAQUE, VOID
from hanse.language.tags.shapes import Element, Run, TaggedText, TagOptions, TagsBroken

_TOKEN: Final = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<!DOCTYPE[^<>]{0,1000}>"
    r"|<(?P<close>/?)(?P<name>[A-Za-z_][\w:.-]*)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL | re.IGNORECASE,
)
_PREDEFINED: Final = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_UNTRANSLATED: Final = re.compile(
    r"""\btranslate\s*=\s*["']?no\b|\bclass\s*=\s*(?:"[^"]*\bnotranslate\b|'[^']*\bnotranslate\b)""",
    re.IGNORECASE,
)
_PRIVATE: Final = range(0xE000, 0xF8FF)
DEPTH_MAX: Final = 200


class _Node(Struct):
    """A token of the source. An element's opening knows where its closing is."""

    raw: str
    kind: Literal["text", "open", "close", "void", "other"]
    name: str = ""
    partner: int = -1
    parent: int = -1
    is_block: bool = False
    is_opaque: bool = False


def parse(text: str, options: TagOptions) -> TaggedText:
    """Cut a text with tags into its parts. Raises TagsBroken."""
    if options.kind == "xml" and options.version == "v2":
        _check_xml(text)
    nodes = _nodes(text, options)
    _mark_blocks(nodes, options)
    private = [chr(code) for code in _PRIVATE if chr(code) not in text]
    parts: list[str | Run] = []
    pending: list[int] = []
    number = 0
    while number < len(nodes):
        node = nodes[number]
        if node.is_block and not node.is_opaque:
            parts += _run(nodes, pending, options, private)
            pending = []
            parts.append(node.raw)
        elif node.is_opaque:
            last = max(node.partner, number)
            if node.is_block:
                parts += _run(nodes, pending, options, private)
                pending = []
                parts.append("".join(each.raw for each in nodes[number : last + 1]))
            else:
                pending.append(number)
            number = last
        else:
            pending.append(number)
        number += 1
    parts += _run(nodes, pending, options, private)
    return TaggedText(tuple(parts))


def _check_xml(text: str) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    declaration = re.match(r"\s*<\?xml[^>]*\?>", text)
    body = text[declaration.end() :] if declaration else text
    try:
        etree.fromstring(f"<root>{body}</root>".encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise TagsBroken("Tag handling parsing failed, please check input.") from None


def _nodes(text: str, options: TagOptions) -> list[_Node]:
    nodes: list[_Node] = []
    open_nodes: list[int] = []
    done = 0

    def add(node: _Node) -> None:
        node.parent = open_nodes[-1] if open_nodes else -1
        nodes.append(node)

    for match in _TOKEN.finditer(text):
        if match.start() > done:
            add(_Node(text[done : match.start()], "text"))
        done = match.end()
        raw, name = match.group(), match["name"]
        if name is None:
            add(_Node(raw, "other"))
            continue
        name = name.lower() if options.kind == "html" else name
        if match["close"]:
            _close(nodes, open_nodes, _Node(raw, "close", name))
            continue
        is_void = raw.endswith("/>") or (options.kind == "html" and name in VOID)
        node = _Node(raw, "void" if is_void else "open", name)
        is_named = name in options.ignore_tags or (options.kind == "html" and name in OPAQUE)
        node.is_opaque = not is_void and (
            is_named or (options.kind == "html" and bool(_UNTRANSLATED.search(match["attributes"])))
        )
        add(node)
        if not is_void:
            if len(open_nodes) >= DEPTH_MAX:
                raise TagsBroken(f"Tags are nested more than {DEPTH_MAX} deep.")
            open_nodes.append(len(nodes) - 1)
    if done < len(text):
        add(_Node(text[done:], "text"))
    for number in open_nodes:
        # Never closed: nothing can be said of its end, so it separates.
        nodes[number].is_block, nodes[number].is_opaque = True, False
    return nodes


def _close(nodes: list[_Node], open_nodes: list[int], closing: _Node) -> None:
    depth = next(
        (
            n
            for n in range(len(open_nodes) - 1, -1, -1)
            if nodes[open_nodes[n]].name == closing.name
        ),
        None,
    )
    if depth is None:
        closing.is_block = True
        closing.parent = open_nodes[-1] if open_nodes else -1
    else:
        for unclosed in open_nodes[depth + 1 :]:
            nodes[unclosed].is_block, nodes[unclosed].is_opaque = True, False
        opening = open_nodes[depth]
        del open_nodes[depth:]
        nodes[opening].partner = len(nodes)
        closing.partner, closing.parent = opening, nodes[opening].parent
    nodes.append(closing)


def _mark_blocks(nodes: list[_Node], options: TagOptions) -> None:
    """Decide which elements separate; one around a block does too."""
    mixed = {node.parent for node in nodes if node.kind == "text" and node.raw.strip()}
    for number, node in enumerate(nodes):
        if node.kind in ("open", "void") and not node.is_block:
            node.is_block = _separates(node, options, is_in_text=node.parent in mixed)
        if node.is_block and node.kind in ("open", "void", "close"):
            _open_up(nodes, number)
    for node in nodes:
        if node.kind == "close" and node.partner >= 0:
            node.is_block = nodes[node.partner].is_block


def _open_up(nodes: list[_Node], number: int) -> None:
    parent = nodes[number].parent
    while parent >= 0 and not nodes[parent].is_block and not nodes[parent].is_opaque:
        nodes[parent].is_block = True
        parent = nodes[parent].parent


def _separates(node: _Node, options: TagOptions, *, is_in_text: bool) -> bool:
    if node.name in options.splitting_tags:
        return True
    if node.name in options.non_splitting_tags:
        return False
    if options.kind == "html":
        return node.name not in INLINE
    return options.outline_detection and not is_in_text and not node.is_opaque


def _run(
    nodes: list[_Node], numbers: Sequence[int], options: TagOptions, private: list[str]
) -> list[str | Run]:
    raw = "".join(
        "".join(each.raw for each in nodes[n : max(nodes[n].partner, n) + 1])
        if nodes[n].is_opaque
        else nodes[n].raw
        for n in numbers
    )
    if not any(nodes[n].kind == "text" and nodes[n].raw.strip() for n in numbers):
        return [raw] if raw else []
    text = ""
    marks: list[Span] = []
    elements: list[Element] = []
    stand_ins: list[tuple[str, str]] = []
    places: dict[int, int] = {}
    for number in numbers:
        node = nodes[number]
        if node.kind == "text":
            text += _decoded(node.raw, options)
        elif node.is_opaque or node.kind == "void":
            if not private:
                return [raw]
            last = max(node.partner, number)
            stand_ins.append((private[0], "".join(each.raw for each in nodes[number : last + 1])))
            text += private.pop(0)
        elif node.kind == "open":
            places[number] = len(marks)
            marks.append((len(text), len(text)))
            elements.append(Element(node.raw, nodes[node.partner].raw))
        elif node.kind == "close":
            place = places[node.partner]
            marks[place] = (marks[place][0], len(text))
        else:
            marks.append((len(text), len(text)))
            elements.append(Element(node.raw, ""))
    copied = tuple(
        (place, place + 1) for place in (text.index(character) for character, _ in stand_ins)
    )
    return [Run(Marked(text, tuple(marks), copied), tuple(elements), tuple(stand_ins))]


def _decoded(raw: str, options: TagOptions) -> str:
    if options.kind == "html":
        return html.unescape(raw)
    return _PREDEFINED.sub(lambda match: html.unescape(match.group()), raw)
