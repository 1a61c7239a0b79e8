"""TMX files: what is read, what is written, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.memories.tmx import InvalidTmx, read, write

HEAD = '<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4">'


def tmx(body: str, srclang: str = "en-US") -> bytes:
    return f'{HEAD}<header srclang="{srclang}"/><body>{body}</body></tmx>'.encode()


def unit(**texts: str) -> str:
    variants = (
        f'<tuv xml:lang="{code.replace("_", "-")}"><seg>{text}</seg></tuv>'
        for code, text in texts.items()
    )
    return f"<tu>{''.join(variants)}</tu>"


def test_units_are_read_in_all_their_languages() -> None:
    units = read(tmx(unit(en_us="House", pt_br="Casa", de="Haus") + unit(en_us="Only")))
    assert units.source_language == "en"
    assert units.units == {"House": {"pt-BR": "Casa", "de": "Haus"}}
    assert units.skipped == 1


def test_codes_of_markup_are_left_out_and_highlighted_text_stays() -> None:
    text = '<bpt i="1">&lt;b&gt;</bpt>Old<ept i="1">&lt;/b&gt;</ept> <hi>house</hi>'
    assert read(tmx(unit(en=text, pt="Casa"))).units == {"Old house": {"pt": "Casa"}}


def test_a_file_for_all_languages_takes_that_of_its_first_unit() -> None:
    units = read(tmx(unit(pt="Casa", en="House") + unit(en="Door", pt="Porta"), "*all*"))
    assert units.source_language == "pt"
    assert units.units == {"Casa": {"en": "House"}, "Porta": {"en": "Door"}}


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not well-formed"),
        (b"{}", "not well-formed"),
        (b"<html/>", "not TMX"),
        (tmx(""), "no segment"),
        (tmx(unit(en="House")), "no segment"),
        (tmx(unit(en="House", pt="Casa"))[:-10], "not well-formed"),
    ],
)
def test_what_is_no_memory_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(InvalidTmx, match=why):
        read(data)


def test_entities_are_neither_expanded_nor_fetched() -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE tmx [<!ENTITY a "ha"><!ENTITY b "&a;&a;">'
        '<!ENTITY c SYSTEM "file:///etc/passwd">]><tmx version="1.4"><header srclang="en"/><body>'
    )
    body = unit(en="x &b; y", pt="a") + unit(en="z &c;", pt="b")
    units = read((bomb + body + "</body></tmx>").encode()).units
    assert not any("ha" in source or "root" in source for source in units)


TEXTS = st.text(
    st.characters(exclude_categories=["C"], exclude_characters="\u2028\u2029"), min_size=1
)
STRIPPED = TEXTS.map(str.strip).filter(bool)


@given(st.dictionaries(STRIPPED, STRIPPED, min_size=1, max_size=5))
def test_what_is_written_is_read_again(pairs: dict[str, str]) -> None:
    units = {source: {"pt-BR": target} for source, target in pairs.items()}
    again = read(write("en", units.items()))
    assert (again.source_language, again.units, again.skipped) == ("en", units, 0)
