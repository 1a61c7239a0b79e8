"""YAML files: strings are translated, all else stays byte for byte."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hanse.language.documents.formats import Block, InvalidFile, format_of, kind_of

YAML_FORMAT = format_of(kind_of("a.yaml"))
FILE = """\
# Texts of the page
title: Hello world   # shown on top
count: 3
on: true
nothing: ~
quoted: "A \\"good\\" day"
single: 'It''s late'
list:
  - One thing
  - {inner: Two things, n: 1.5}
base: &base
  text: Shared text
again: *base
literal: |
  First line
  Second line

folded: >-
  Some words
  that go on

  next part
last: end
"""


def translated(data: str, by: dict[str, str]) -> str:
    texts = YAML_FORMAT.read(data.encode())
    blocks = [Block(by.get(text.text, text.text)) for text in texts]
    return YAML_FORMAT.write(data.encode(), blocks).decode()


def test_values_are_read_and_keys_numbers_and_aliases_are_not() -> None:
    assert [text.text for text in YAML_FORMAT.read(FILE.encode())] == [
        "Hello world",
        'A "good" day',
        "It's late",
        "One thing",
        "Two things",
        "Shared text",
        "First line\nSecond line",
        "Some words that go on\nnext part",
        "end",
    ]


def test_a_file_whose_texts_stay_comes_out_byte_for_byte() -> None:
    assert translated(FILE, {}) == FILE


def test_translations_stand_in_the_style_of_their_source() -> None:
    by = {
        "Hello world": "Olá: mundo",
        'A "good" day': 'Um "bom" dia',
        "It's late": "d'água",
        "One thing": "Uma coisa",
        "Two things": "Duas, coisas",
        "First line\nSecond line": "Primeira\nSegunda",
        "Some words that go on\nnext part": "Algumas palavras\noutra parte",
    }
    done = translated(FILE, by)
    assert 'title: "Olá: mundo"   # shown on top' in done
    assert "single: 'd''água'" in done
    assert "  - Uma coisa\n" in done
    loaded = YAML(typ="safe").load(done)
    assert loaded["quoted"] == 'Um "bom" dia'
    assert loaded["list"][1] == {"inner": "Duas, coisas", "n": 1.5}
    assert loaded["again"] == {"text": "Shared text"}
    assert loaded["literal"] == "Primeira\nSegunda\n"
    assert loaded["folded"] == "Algumas palavras\noutra parte"
    assert (loaded["count"], loaded["last"]) == (3, "end")


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]))


@given(st.lists(TEXTS, max_size=3), TEXTS)
def test_any_translation_can_be_read_again(values: list[str], put: str) -> None:
    values = [f"{value} text" for value in values]
    source = "".join(f"- 'x{index}'\n- y{index}\n" for index in range(len(values)))
    by = {f"{letter}{index}": put for index in range(len(values)) for letter in "xy"}
    loaded = YAML(typ="safe").load(translated(source, by))
    assert (loaded or []) == [put] * (2 * len(values))


@pytest.mark.parametrize(
    "data", [b"a: [", b"a: b: c", b"\t- x", b"%YAML 9", b"a: !!python/object:os.x {"]
)
def test_what_is_no_yaml_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidFile):
        YAML_FORMAT.read(data)


@pytest.mark.parametrize("data", [b"[" * 5000, b"[" * 101 + b"x" + b"]" * 101])
def test_what_is_nested_too_deep_is_refused_without_reading_on(data: bytes) -> None:
    started = time.process_time()
    with pytest.raises(InvalidFile, match="more than 100 deep"):
        YAML_FORMAT.read(data)
    assert time.process_time() - started < 5.0
    assert len(YAML_FORMAT.read(b"[" * 99 + b"x y" + b"]" * 99)) == 1


def test_aliases_are_no_bomb() -> None:
    lines = ["a0: &a0 [x y, x y]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert [text.text for text in YAML_FORMAT.read("\n".join(lines).encode())] == ["x y", "x y"]
