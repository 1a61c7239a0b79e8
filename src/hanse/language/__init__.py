"""Language: recognise, cut, translate and put together again, behind the wire of the DeepL API.

Other systems translate with `translate` and keep the record with `record`; over HTTP the official
DeepL clients do. `consumers` follow what was translated to keep the usage.
"""

from hanse.language.api import deepl_error_response, routes
from hanse.language.detect import Detection, DetectionStatus, Detector
from hanse.language.documents.jobs import register_documents
from hanse.language.events import TextTranslated, consumers
from hanse.language.events import examples as event_examples
from hanse.language.languages import UnknownLanguage, parse_code
from hanse.language.memories.jobs import register_memories
from hanse.language.personal_data import holdings
from hanse.language.quality.jobs import register_quality
from hanse.language.repeats.jobs import register_repeats
from hanse.language.routing import UnsupportedPair
from hanse.language.segment import SplitMode
from hanse.language.service import (
    TranslatedText,
    Translation,
    UnsupportedSource,
    record,
    translate,
    usage,
)
from hanse.language.translations import STATE, Translations

__all__ = [
    "STATE",
    "Detection",
    "DetectionStatus",
    "Detector",
    "SplitMode",
    "TextTranslated",
    "TranslatedText",
    "Translation",
    "Translations",
    "UnknownLanguage",
    "UnsupportedPair",
    "UnsupportedSource",
    "consumers",
    "deepl_error_response",
    "event_examples",
    "holdings",
    "parse_code",
    "record",
    "register_documents",
    "register_memories",
    "register_quality",
    "register_repeats",
    "routes",
    "translate",
    "usage",
]
