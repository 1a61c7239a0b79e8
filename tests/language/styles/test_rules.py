"""Rules of style change what they name, nothing else, and nothing twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.language.protect import protected_spans
from hanse.language.styles.rules import RULES, apply, not_applied
from hanse.language.styles.wire import SETTINGS


@pytest.mark.parametrize(
    ("rule", "language", "before", "after"),
    [
        ("punctuation.apostrophe=use_curly_apostrophes", "en", "It's", "It’s"),
        ("punctuation.apostrophe=use_straight_apostrophes", "en", "It’s", "It's"),
        ("punctuation.quotation_mark=use_curly_quotation_marks", "en", 'a "b" c', "a “b” c"),
        ("punctuation.quotation_mark=use_curly_quotation_marks", "de", 'a "b" c', "a „b“ c"),
        ("punctuation.quotation_mark=use_guillemets", "fr", "a “b” c", "a «\u00a0b\u00a0» c"),
        ("punctuation.quotation_mark=use_straight_quotation_marks", "fr", "a « b » c", 'a "b" c'),
        ("punctuation.quotation_mark=use_curly_quotation_marks", "en", '6" wide', '6" wide'),
        ("punctuation.ellipsis=use_three_periods", "en", "So…", "So..."),
        ("punctuation.ellipsis=use_ellipsis_character", "en", "So...", "So…"),
        ("punctuation.exclamation_marks=do_not_use", "es", "¡Hola! ¿Qué?!", "Hola. ¿Qué?"),
        ("punctuation.acronyms=do_not_use_periods", "en", "The U.S. Army", "The US Army"),
        ("punctuation.acronyms=do_not_use_periods", "en", "In the U.S.", "In the US."),
        ("punctuation.range_indicator=use_en_dash_without_spaces", "en", "pp. 3 - 12", "pp. 3–12"),
        ("punctuation.range_indicator=use_english_word_to", "en", "1990–1995", "1990 to 1995"),
        ("punctuation.range_indicator=use_english_word_to", "en", "2024-05-01", "2024-05-01"),
        ("punctuation.range_indicator=use_english_word_to", "en", "call 555-1234", "call 555-1234"),
        (
            "punctuation.sentence_break_indicator=use_em_dash_without_space_on_either_side",
            "en",
            "He came - late – at 3 - 2",
            "He came—late—at 3 - 2",
        ),
        ("punctuation.comma_after_i_e_and_e_g=use",
         "en", "fruit, e.g. pears", "fruit, e.g., pears"),
        ("punctuation.periods_in_academic_degrees=do_not_use", "en", "a Ph.D. in", "a PhD in"),
        ("punctuation.periods_in_academic_degrees=use", "en", "a PhD in", "a Ph.D. in"),
        ("punctuation.slash=do_not_use_spaces_before_and_after_slashes", "en",
         "he / she", "he/she"),
        ("numbers.units_of_measure_spacing=use_space_between_numeral_and_unit_of_measure", "en",
         "5km away", "5\u00a0km away"),
        ("numbers.percentage_format=use_numerals_followed_by_space_then_percent_symbol", "fr",
         "5% de", "5\u00a0% de"),
        ("numbers.dimensions_separator="
         "use_multiplication_sign_between_dimensions_with_space_on_either_side", "en",
         "3x4 cm", "3 × 4 cm"),
        ("dates_and_times.hours_minutes_separator=use_letter_h_without_spaces", "fr",
         "à 14:30", "à 14h30"),
        ("dates_and_times.dates_in_numerical_form=use_dd_slash_mm_slash_yyyy", "es",
         "el 3.5.2024", "el 3/5/2024"),
        ("dates_and_times.midnight_in_numerals=use_00_00", "de", "bis 24:00 Uhr", "bis 00:00 Uhr"),
        ("formatting.phone_number_country_code_format=use_00_before_country_code", "de",
         "Tel. +49 30 123456", "Tel. 0049 30 123456"),
        ("formatting.phone_number_country_code_format=use_plus_sign_before_country_code", "de",
         "Tel. 0049 30 123456", "Tel. +49 30 123456"),
        ("spelling_and_grammar.eszett=replace_eszett_with_ss", "de", "Straße", "Strasse"),
    ],
)  # fmt: skip
def test_a_rule_does_what_its_name_says(rule: str, language: str, before: str, after: str) -> None:
    place, option = rule.split("=")
    group, setting = place.split(".")
    assert option in SETTINGS[group][setting]
    assert apply({group: {setting: option}}, before, language) == after


def test_placeholders_tags_and_code_are_left_alone() -> None:
    rules = {"punctuation": {"quotation_mark": "use_curly_quotation_marks"}}
    text = 'See <a href="/x">"it"</a> at {name}.'
    assert apply(rules, text, "en") == 'See <a href="/x">“it”</a> at {name}.'


def test_what_is_not_carried_out_is_named() -> None:
    rules = {
        "punctuation": {"ellipsis": "use_three_periods", "serial_comma": "use"},
        "style_and_tone": {"abbreviations": "use_abbreviations_and_symbols"},
    }
    assert not_applied(rules) == ["punctuation.serial_comma", "style_and_tone.abbreviations"]


def test_every_rule_is_one_of_the_contract() -> None:
    for (group, setting), options in RULES.items():
        assert set(options) <= set(SETTINGS[group][setting]), (group, setting)


TEXTS = st.lists(
    st.sampled_from(
        ["It's", '"', "«", "»", "…", "...", "!", "?!", "3", "-", "–", "—", " ", "U.S.", "10", "x",
         "5km", "%", "14:30", "{name}", "<b>", "</b>", "e.g.", "PhD", "/", "1.2.2024", "a",
         "ß", "("]
    ),
    max_size=20,
).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("group", "setting", "option"),
    [(*place, option) for place, options in RULES.items() for option in options],
)
@given(text=TEXTS, language=st.sampled_from(["en", "de", "fr", "pt", "ja"]))
def test_a_rule_is_settled_after_once_and_keeps_what_is_protected(
    group: str, setting: str, option: str, text: str, language: str
) -> None:
    rules = {group: {setting: option}}
    once = apply(rules, text, language)
    assert apply(rules, once, language) == once
    for start, end in protected_spans(text):
        assert text[start:end] in once
