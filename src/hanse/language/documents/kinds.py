"""What people are told about their documents."""

from typing import Final

from hanse.identity import Kind, read_texts

_TEXTS: Final = read_texts("hanse.language.documents")
COALESCE_S: Final = 600.0

DOCUMENT_FINISHED: Final = Kind(
    name="language.document_finished",
    texts=_TEXTS["document_finished"],
    facts=("filename",),
    coalesce_s=COALESCE_S,
)
DOCUMENT_FAILED: Final = Kind(
    name="language.document_failed",
    texts=_TEXTS["document_failed"],
    facts=("filename", "reason"),
    coalesce_s=COALESCE_S,
)

KINDS: Final = (DOCUMENT_FINISHED, DOCUMENT_FAILED)
