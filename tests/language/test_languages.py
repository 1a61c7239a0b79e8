import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.languages import (
    ALIASES,
    NAMES,
    VARIANT_NAMES,
    UnknownLanguage,
    find_code,
    listed_targets,
    model_codes,
    name,
    parse_code,
    root,
    v2,
)

CODES = st.sampled_from([*NAMES, *VARIANT_NAMES])


@given(code=CODES, data=st.data())
def test_a_code_is_read_in_any_case(code: str, data: st.DataObject) -> None:
    upper = data.draw(st.lists(st.booleans(), min_size=len(code), max_size=len(code)))
    written = "".join(c.upper() if up else c.lower() for c, up in zip(code, upper, strict=True))
    assert parse_code(written) == code


@pytest.mark.parametrize(
    "code", ["", "x", "xx", "en_US", "pt_BR", "en-", "-en", "en-XX", "en US", "a" * 10_000, "EN\n"]
)
def test_what_is_no_known_code_is_refused(code: str) -> None:
    assert find_code(code) is None
    with pytest.raises(UnknownLanguage):
        parse_code(code)


@given(code=CODES)
def test_every_code_has_a_name_and_a_root_that_has_one(code: str) -> None:
    assert name(code)
    assert root(code) in NAMES
    assert parse_code(v2(code)) == code


@given(alias=st.sampled_from(sorted(ALIASES)))
def test_another_code_for_a_language_means_that_language(alias: str) -> None:
    assert parse_code(alias.upper()) in NAMES


def test_english_and_portuguese_are_listed_by_variant_as_targets() -> None:
    assert listed_targets(["pt", "de", "en"]) == ["de", "en-GB", "en-US", "pt-BR", "pt-PT"]


def test_a_variant_is_served_by_the_model_of_its_root_unless_it_has_another_script() -> None:
    assert model_codes("pt-BR") == ("pt-BR", "pt")
    assert model_codes("de") == ("de",)
    assert model_codes("zh-Hant") == ("zh-Hant",)
    assert model_codes("zh-Hans") == ("zh-Hans", "zh")
