"""Tags come out exactly once, well-formed, and untouched."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hanse.language.projection import Marked
from hanse.language.tags import TagOptions, TagsBroken, parse, write

HTML = TagOptions("html")
XML = TagOptions("xml")


def same(text: str, options: TagOptions) -> str:
    """What comes out if each run is translated into itself."""
    tagged = parse(text, options)
    return write(tagged, [(run.marked.text, run.marked.marks) for run in tagged.runs], options)


def runs(text: str, options: TagOptions) -> list[str]:
    return [run.marked.text for run in parse(text, options).runs]


@pytest.mark.parametrize(
    "text",
    [
        "<p>A <b>bold <i>and slanted</i></b> word.</p>",
        '<a href="x?a=1&amp;b=2">One</a> &amp; two &lt; three',
        "<!DOCTYPE html><html><head><title>T</title><script>if (a < b) {}</script></head></html>",
        "Line<br>break <img src='a.png'> and <!-- a comment --> more",
        "<p>Never closed <b>at all",
        "closed </b> without <i>opening</p>",
        "<b></b>",
        "5 < 6 and 7 > 3 is kept",
    ],
)
def test_html_that_is_not_changed_comes_out_as_it_went_in(text: str) -> None:
    assert same(text, HTML).replace("&gt;", ">").replace("&lt;", "<") == text.replace(
        "&lt;", "<"
    ).replace("&gt;", ">")


def test_block_elements_separate_and_inline_ones_do_not() -> None:
    assert runs("<div>One<p>Two <b>three</b></p></div><br>Four", HTML) == [
        "One",
        "Two three",
        "Four",
    ]


def test_what_must_not_be_translated_is_stood_in_for() -> None:
    [run] = parse('Type <code>ls -l</code> or <span translate="no">Acme</span> now.', HTML).runs
    assert not re.search("ls|Acme", run.marked.text)
    assert len(run.marked.copied) == 2


def test_xml_elements_without_text_around_them_separate() -> None:
    text = "<doc><title>One</title><par>Two <i>three</i> four</par></doc>"
    assert runs(text, XML) == ["One", "Two three four"]
    options = TagOptions("xml", outline_detection=False)
    assert runs(text, options) == ["OneTwo three four"]
    options = TagOptions("xml", outline_detection=False, splitting_tags=frozenset({"par"}))
    assert runs(text, options) == ["One", "Two three four"]
    options = TagOptions("xml", non_splitting_tags=frozenset({"title"}))
    assert runs("<d><title>A</title></d>", options) == ["A"]


def test_ignored_xml_tags_keep_their_content() -> None:
    options = TagOptions("xml", ignore_tags=frozenset({"x"}))
    [run] = parse("Open <x>the file</x> now", options).runs
    assert "file" not in run.marked.text
    translated = run.marked.text.replace("Open", "Abra").replace("now", "agora")
    assert write(parse("Open <x>the file</x> now", options), [(translated, ())], options) == (
        "Abra <x>the file</x> agora"
    )


@pytest.mark.parametrize("text", ["<a>", "<a></b>", "a & b", "<a b=c/>", "&foo;"])
def test_xml_that_is_not_well_formed_is_refused_in_v2_and_not_in_v1(text: str) -> None:
    with pytest.raises(TagsBroken):
        parse(text, XML)
    parse(text, TagOptions("xml", "v1"))


def test_entities_of_a_document_type_are_not_expanded() -> None:
    with pytest.raises(TagsBroken):
        parse('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', XML)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(TagsBroken):
        parse("<b>" * 300 + "x" + "</b>" * 300, HTML)


names = st.sampled_from(["a", "b", "i", "x", "par"])
texts = st.text(st.sampled_from("ab .&<>é\u00a0"), max_size=8).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
)
trees = st.recursive(
    texts | names.map(lambda name: f"<{name}/>"),
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", names, st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.lists(trees, max_size=4).map("".join), st.data())
def test_whatever_the_translation_every_tag_is_there_once_and_the_result_parses(
    text: str, data: st.DataObject
) -> None:
    tagged = parse(text, XML)
    translations = []
    for run in tagged.runs:
        stand_ins = "".join(character for character, _ in run.stand_ins)
        answer = data.draw(st.text("xyz &<", max_size=6)) + stand_ins
        offsets = st.integers(0, len(answer))
        marks = [tuple(sorted((data.draw(offsets), data.draw(offsets)))) for _ in run.marked.marks]
        translations.append((answer, marks))
    out = write(tagged, translations, XML)
    etree.fromstring(f"<root>{out}</root>")
    tag = re.compile("<[^<>]+>")
    assert sorted(tag.findall(out)) == sorted(tag.findall(text))


def test_a_run_knows_its_characters_without_tags() -> None:
    [run] = parse("One <b>two</b> <img>!", HTML).runs
    assert run.characters == len("One two !")
    assert isinstance(run.marked, Marked)
