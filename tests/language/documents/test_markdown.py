"""Markdown is read as its paragraphs, and comes back with everything else as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from hanse.language.documents.formats import Block
from hanse.language.documents.formats.markdown import markdown

SIGNS = 'ab*_~`[]()<>!&|#>-+=\\:1.\n \t"é;'


def texts(text: str) -> list[str]:
    return [each.text for each in markdown.read(text.encode())]


def same(text: str) -> str:
    blocks = [Block(each.text, each.marks) for each in markdown.read(text.encode())]
    return markdown.write(text.encode(), blocks).decode()


def test_paragraphs_are_whole_and_markers_are_no_text() -> None:
    text = (
        "---\ntitle: x\n---\n# One\n\nTwo goes\nover lines.\n\n- three\n  four\n"
        "1. > five\n   > six\n\nSeven\n===\n\n| eight | nine |\n|---|---|\n"
        "| ten \\| eleven | |\n\n```\ncode\n```\n\n"
        "    code\n\n[ref]: https://hanse.example 'Title'\n"
    )
    assert texts(text) == [
        "One",
        "Two goes over lines.",
        "three four",
        "five six",
        "Seven",
        "eight",
        "nine",
        "ten \\| eleven",
    ]


def test_emphasis_and_links_are_marks_and_code_is_copied() -> None:
    [found] = markdown.read(b'A **bold *and slanted*** [link](x "t") `c*d` <b>e</b> ![p](q) \\*')
    assert found.text.startswith("A bold and slanted link ")
    assert [found.text[start:end] for start, end in found.marks] == [
        "bold and slanted",
        "and slanted",
        "link",
    ]
    assert len(found.copied) == 5


def test_a_translation_has_the_marks_where_it_says() -> None:
    data = b"> The **old** house\n> [stands](x) here.\n"
    [found] = markdown.read(data)
    assert found.text == "The old house stands here."
    text = "A casa velha fica aqui."
    marks = ((7, 12), (13, 17))
    done = markdown.write(data, [Block(text, marks)])
    assert done == b"> A casa **velha** [fica](x) aqui.\n"


def test_a_hard_break_stays_and_emphasis_around_nothing_goes() -> None:
    data = "> one  \n> **two**\n"
    [found] = markdown.read(data.encode())
    assert same(data) == data
    done = markdown.write(data.encode(), [Block(found.text, ((0, 0),))])
    assert b"**" not in done


@pytest.mark.parametrize(
    "text",
    [
        "A [link with (brackets)](a_(b)_c 'x)') and [one][two], [three] and <https://a.example>.",
        "***both*** and ~~gone~~ and ``a ` b``",
        "5 * 3 * 2, snake_case_word, 1 < 2 &amp; 3",
        "![alt *x*](p.png) ![ref][two] <img src='x'> <!-- no -->",
        "<div>\nSome text\n</div>\n",
        "- [ ] to do\n- [x] done\n",
        "One\\\ntwo",
    ],
)
def test_what_is_not_changed_comes_out_as_it_went_in(text: str) -> None:
    assert same(text) == text


@settings(deadline=None)
@given(st.text(st.sampled_from(SIGNS), max_size=60))
def test_any_text_reads_the_same_afterwards(text: str) -> None:
    """Only line breaks within paragraphs, and letters written as entities, may be others."""
    render = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render
    done = same(text)
    assert "".join(render(done).split()) == "".join(render(text).split())
