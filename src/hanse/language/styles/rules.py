"""Rules of style that can be carried out without understanding the text. No I/O.

The names of groups, settings and options are those of the contract, which has 159 settings. Those
here have one plain meaning whatever the sentence says; all others are told to the caller as not
applied. Placeholders, tags and addresses are never touched.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hanse.language.protect import protected_spans
from hanse.language.segment import Span

ConfiguredRules = Mapping[str, Mapping[str, str]]
"""The chosen option of each setting, by group and setting."""

Rule = Callable[[str, str], str]
"""Takes a text and the root of its language."""

_TAG: Final = re.compile(r"<[^<>]+>")
_QUOTES: Final = re.compile(r"[«»\"“”„‟]")
_FRENCH_QUOTES: Final = re.compile(r"«[ \u00a0\u202f]?|[ \u00a0\u202f]?»|[\"“”„‟]")
_UNITS: Final = (
    "mm|cm|dm|km/h|km|kg|mg|ml|cl|kHz|MHz|GHz|Hz|kB|MB|GB|TB|kW|kWh|MW|kV|°C|°F|kPa|hPa|dB|kcal|rpm"
)
_DEGREES: Final = ("Ph.D.", "M.D.", "B.A.", "M.A.", "B.Sc.", "M.Sc.", "M.B.A.", "LL.M.")
_NUMBER_RANGE: Final = re.compile(
    r"(?<![\w.,:/–-])(\d{1,4})(\s?[–-]\s?)(\d{1,4})(?![\w/–-]|[.,:]\d)"
)
_PHONE: Final = r"(?=[1-9](?:[ ()./-]?\d){7,14}(?!\d))"


def apply(rules: ConfiguredRules, text: str, language: str) -> str:
    """Return `text` as those of `rules` want it that can be applied; `language` is a root code.

    What looks so already stays as it is.
    """
    for group, settings in rules.items():
        for setting, option in settings.items():
            if rule := RULES.get((group, setting), {}).get(option):
                text = rule(text, language)
    return text


def not_applied(rules: ConfiguredRules) -> list[str]:
    """Return, as `group.setting`, the rules that `apply` leaves out."""
    return [
        f"{group}.{setting}"
        for group, settings in rules.items()
        for setting, option in settings.items()
        if option not in RULES.get((group, setting), {})
    ]


def _copied(text: str) -> list[Span]:
    return [*protected_spans(text), *(match.span() for match in _TAG.finditer(text))]


def _found(pattern: str | re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    copied = _copied(text)
    for match in re.finditer(pattern, text):
        start, end = match.span()
        if not any(begin < max(end, start + 1) and start < stop for begin, stop in copied):
            yield match


def _replaced(
    pattern: str | re.Pattern[str], text: str, put: Callable[[re.Match[str]], str]
) -> str:
    parts = []
    done = 0
    for match in _found(pattern, text):
        parts += [text[done : match.start()], put(match)]
        done = match.end()
    return "".join(parts) + text[done:]


def _swap(pattern: str, put: str) -> Rule:
    """Return the rule that puts a template, as of `re.Match.expand`, for each match."""
    compiled = re.compile(pattern)
    return lambda text, _: _replaced(compiled, text, lambda match: match.expand(put))


def _in_turn(*rules: Rule) -> Rule:
    def rule(text: str, language: str) -> str:
        for each in rules:
            text = each(text, language)
        return text

    return rule


def _only(language: str, rule: Rule) -> Rule:
    return lambda text, written_in: rule(text, written_in) if written_in == language else text


def _curly(language: str) -> tuple[str, str]:
    return ("„", "“") if language == "de" else ("“", "”")


def _guillemets(language: str) -> tuple[str, str]:
    match language:
        case "fr":
            return "«\u00a0", "\u00a0»"
        case "de":
            return "»", "«"
    return "«", "»"


def _quotation(pair: Callable[[str], tuple[str, str]]) -> Rule:
    def rule(text: str, language: str) -> str:
        pattern = _FRENCH_QUOTES if language == "fr" else _QUOTES
        count = sum(1 for _ in _found(pattern, text))
        if count % 2:
            # A mark without its partner may be that of inches, or of a text that goes on.
            return text
        marks = iter(pair(language) * (count // 2))
        return _replaced(pattern, text, lambda _: next(marks))

    return rule


def _range(put: str) -> Rule:
    def one(match: re.Match[str]) -> str:
        first, second = match[1], match[3]
        is_range = int(first) < int(second) and (
            len(first) == len(second) or (len(first) < 3 and len(second) < 4)
        )
        return f"{first}{put}{second}" if is_range else match[0]

    return lambda text, _: _replaced(_NUMBER_RANGE, text, one)


def _without_periods(text: str, _: str) -> str:
    def one(match: re.Match[str]) -> str:
        # The last one may end the sentence as well.
        end = "." if match.end() == len(text.rstrip()) else ""
        return match[0].replace(".", "") + end

    return _replaced(r"\b(?:[A-Z]\.){2,}", text, one)


def _degrees(*, periods: bool) -> Rule:
    rules = []
    for degree in _DEGREES:
        plain = degree.replace(".", "")
        if periods:
            rules.append(_swap(rf"\b{plain}\b(?!\.)", degree))
        else:
            rules.append(_swap(rf"\b{re.escape(degree)}", plain))
    return _in_turn(*rules)


_CURLY_QUOTES: Final = _quotation(_curly)
_STRAIGHT_QUOTES: Final = _quotation(lambda _: ('"', '"'))
_GUILLEMETS: Final = _quotation(_guillemets)
_CURLY_APOSTROPHES: Final = _swap(r"(?<=\w)['\u2019](?=\w)", "\u2019")
_STRAIGHT_APOSTROPHES: Final = _swap(r"(?<=\w)['\u2019](?=\w)", "'")
_ONE_ELLIPSIS: Final = _swap(r"(?<!\.)\.\.\.(?!\.)|\. \. \.|\u2026", "\u2026")
_THREE_PERIODS: Final = _swap(r"\u2026|\. \. \.", "...")
_BREAK: Final = (
    r"(?<=[^\s\d\u2014–-])(?:[ \u00a0]?\u2014[ \u00a0]?|[ \u00a0][–-][ \u00a0])(?=[^\s\d])"
)
_SPACED_PERCENT: Final = _swap(r"(?<=\d)[ \u202f]?%", "\u00a0%")
_DIMENSIONS: Final = r"(?<=\d)[ \u00a0]?[x×][ \u00a0]?(?=\d)"
_DATE: Final = r"(?<![\d./-])([0-3]?\d)([./-])([01]?\d)\2(\d{4})(?![\d/-])"
_HOURS: Final = r"(?<![\w:.,])([01]?\d|2[0-3])(?:[ \u00a0]?h[ \u00a0]?|:)([0-5]\d)(?![\w:])"

RULES: Final[Mapping[tuple[str, str], Mapping[str, Rule]]] = {
    ("dates_and_times", "dates_in_numerical_form"): {
        "use_dd_hyphen_mm_hyphen_yyyy": _swap(_DATE, r"\1-\3-\4"),
        "use_dd_period_mm_period_yyyy": _swap(_DATE, r"\1.\3.\4"),
        "use_dd_slash_mm_slash_yyyy": _swap(_DATE, r"\1/\3/\4"),
    },
    ("dates_and_times", "hours_minutes_separator"): {
        "use_colon_without_spaces": _swap(_HOURS, r"\1:\2"),
        "use_letter_h_with_regular_space_on_either_side": _swap(_HOURS, r"\1 h \2"),
        "use_letter_h_without_spaces": _swap(_HOURS, r"\1h\2"),
    },
    ("dates_and_times", "midnight_in_numerals"): {
        "use_00_00": _swap(r"(?<![\d:])24:00(?![\d:])", "00:00"),
        "use_24_00": _swap(r"(?<![\d:])0?0:00(?![\d:])", "24:00"),
    },
    ("formatting", "phone_number_country_code_format"): {
        "use_00_before_country_code": _swap(rf"(?<![\w+])\+{_PHONE}", "00"),
        "use_plus_sign_before_country_code": _swap(rf"(?<![\w+.,])00{_PHONE}", "+"),
    },
    ("numbers", "dimensions_separator"): {
        "use_multiplication_sign_between_dimensions_with_space_on_either_side": _swap(
            _DIMENSIONS, " × "
        ),
        "use_multiplication_sign_between_dimensions_without_space_on_either_side": _swap(
            _DIMENSIONS, "×"
        ),
        "use_x_between_dimensions_with_space_on_either_side": _swap(_DIMENSIONS, " x "),
        "use_x_between_dimensions_without_space_on_either_side": _swap(_DIMENSIONS, "x"),
    },
    ("numbers", "percentage_format"): {
        "use_arabic_numerals_followed_by_percent_symbol_without_space": _swap(
            r"(?<=\d)[ \u00a0\u202f]%", "%"
        ),
        "use_numerals_followed_by_percent_symbol": _swap(r"(?<=\d)[ \u00a0\u202f]%", "%"),
        "use_numerals_followed_by_space_then_half_width_percent_symbol": _SPACED_PERCENT,
        "use_numerals_followed_by_space_then_percent_symbol": _SPACED_PERCENT,
    },
    ("numbers", "units_of_measure_spacing"): {
        "do_not_use_space_between_numeral_and_unit_of_measure": _swap(
            rf"(?<=\d)[ \u00a0\u202f](?=(?:{_UNITS})\b)", ""
        ),
        "use_space_between_numeral_and_unit_of_measure": _swap(
            rf"(?<=\d)(?=(?:{_UNITS})\b)", "\u00a0"
        ),
    },
    ("punctuation", "acronyms"): {"do_not_use_periods": _without_periods},
    ("punctuation", "apostrophe"): {
        "use_curly_apostrophes": _CURLY_APOSTROPHES,
        "use_straight_apostrophes": _STRAIGHT_APOSTROPHES,
    },
    ("punctuation", "colon"): {
        "use_full_width_colon": _swap(r"(?<!\d):[ ]?(?!\d)", "："),
        "use_half_width_colon": _swap(r"：", ":"),
    },
    ("punctuation", "comma_after_i_e_and_e_g"): {
        "do_not_use": _only("en", _swap(r"\b(i\.e\.|e\.g\.),", r"\1")),
        "use": _only("en", _swap(r"\b(i\.e\.|e\.g\.)(?!,)", r"\1,")),
    },
    ("punctuation", "ellipsis"): {
        "use_ellipsis_character": _ONE_ELLIPSIS,
        "use_one_ellipsis_character": _ONE_ELLIPSIS,
        "use_three_periods": _THREE_PERIODS,
        "use_three_periods_without_spaces": _THREE_PERIODS,
        "use_three_spaced_periods": _swap(r"\u2026|(?<!\.)\.\.\.(?!\.)", ". . ."),
    },
    ("punctuation", "exclamation_marks"): {
        "do_not_use": _in_turn(
            _swap(r"(?<=[?？])[!！]+|[!！]+(?=[?？])|¡", ""), _swap(r"！+", "。"), _swap(r"!+", ".")
        ),
    },
    ("punctuation", "periods_in_academic_degrees"): {
        "do_not_use": _only("en", _degrees(periods=False)),
        "use": _only("en", _degrees(periods=True)),
    },
    ("punctuation", "periods_in_uppercase_initialisms_and_acronyms"): {
        "do_not_use": _without_periods
    },
    ("punctuation", "quotation_mark"): {
        "use_curly_quotation_marks": _CURLY_QUOTES,
        "use_double_curly_quotation_marks": _CURLY_QUOTES,
        "use_double_straight_quotation_marks": _STRAIGHT_QUOTES,
        "use_guillemets": _GUILLEMETS,
        "use_straight_quotation_marks": _STRAIGHT_QUOTES,
    },
    ("punctuation", "quotation_mark_and_apostrophe"): {
        "use_curly_quotation_marks_and_apostrophes": _in_turn(_CURLY_QUOTES, _CURLY_APOSTROPHES),
        "use_guillemets_and_curly_apostrophes": _in_turn(_GUILLEMETS, _CURLY_APOSTROPHES),
        "use_guillemets_and_straight_apostrophes": _in_turn(_GUILLEMETS, _STRAIGHT_APOSTROPHES),
        "use_straight_quotation_marks_and_apostrophes": _in_turn(
            _STRAIGHT_QUOTES, _STRAIGHT_APOSTROPHES
        ),
    },
    ("punctuation", "range_indicator"): {
        "use_en_dash_with_spaces": _range(" – "),
        "use_en_dash_without_space_on_either_side": _range("–"),
        "use_en_dash_without_spaces": _range("–"),
        "use_hyphen": _range("-"),
        "use_hyphen_with_space_on_either_side": _range(" - "),
        "use_hyphen_with_spaces": _range(" - "),
        "use_hyphen_without_space_on_either_side": _range("-"),
        "use_hyphen_without_spaces": _range("-"),
        "use_english_word_to": _only("en", _range(" to ")),
        "use_german_word_bis": _only("de", _range(" bis ")),
    },
    ("punctuation", "round_brackets"): {
        "use_full_width_round_brackets": _in_turn(_swap(r"\(", "（"), _swap(r"\)", "）")),
        "use_half_width_round_brackets": _in_turn(_swap(r"（", "("), _swap(r"）", ")")),
    },
    ("punctuation", "sentence_break_indicator"): {
        "use_em_dash_with_space_on_either_side": _swap(_BREAK, " \u2014 "),
        "use_em_dash_without_space_on_either_side": _swap(_BREAK, "\u2014"),
        "use_en_dash_with_space_on_either_side": _swap(_BREAK, " – "),
    },
    ("punctuation", "slash"): {
        "do_not_use_spaces_before_and_after_slashes": _swap(
            r"(?<=[^\W_]) ?/ (?=[^\W_])|(?<=[^\W_]) /(?=[^\W_])", "/"
        ),
    },
    ("spelling_and_grammar", "eszett"): {
        "replace_eszett_with_ss": _only("de", _in_turn(_swap("ß", "ss"), _swap("ẞ", "SS"))),
    },
}
