from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EmbedPurpose(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EMBED_PURPOSE_UNSPECIFIED: _ClassVar[EmbedPurpose]
    EMBED_PURPOSE_QUERY: _ClassVar[EmbedPurpose]
    EMBED_PURPOSE_PASSAGE: _ClassVar[EmbedPurpose]
EMBED_PURPOSE_UNSPECIFIED: EmbedPurpose
EMBED_PURPOSE_QUERY: EmbedPurpose
EMBED_PURPOSE_PASSAGE: EmbedPurpose

class TranslateRequest(_message.Message):
    __slots__ = ("texts", "target_language", "source_language", "glossary_ids", "style_id", "translation_memory_id", "tag_handling", "reporting_tag")
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    GLOSSARY_IDS_FIELD_NUMBER: _ClassVar[int]
    STYLE_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSLATION_MEMORY_ID_FIELD_NUMBER: _ClassVar[int]
    TAG_HANDLING_FIELD_NUMBER: _ClassVar[int]
    REPORTING_TAG_FIELD_NUMBER: _ClassVar[int]
    texts: _containers.RepeatedScalarFieldContainer[str]
    target_language: str
    source_language: str
    glossary_ids: _containers.RepeatedScalarFieldContainer[str]
    style_id: str
    translation_memory_id: str
    tag_handling: str
    reporting_tag: str
    def __init__(self, texts: _Optional[_Iterable[str]] = ..., target_language: _Optional[str] = ..., source_language: _Optional[str] = ..., glossary_ids: _Optional[_Iterable[str]] = ..., style_id: _Optional[str] = ..., translation_memory_id: _Optional[str] = ..., tag_handling: _Optional[str] = ..., reporting_tag: _Optional[str] = ...) -> None: ...

class Translation(_message.Message):
    __slots__ = ("text", "detected_source_language", "billed_characters", "untranslated_sentences")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DETECTED_SOURCE_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    BILLED_CHARACTERS_FIELD_NUMBER: _ClassVar[int]
    UNTRANSLATED_SENTENCES_FIELD_NUMBER: _ClassVar[int]
    text: str
    detected_source_language: str
    billed_characters: int
    untranslated_sentences: int
    def __init__(self, text: _Optional[str] = ..., detected_source_language: _Optional[str] = ..., billed_characters: _Optional[int] = ..., untranslated_sentences: _Optional[int] = ...) -> None: ...

class TranslateResponse(_message.Message):
    __slots__ = ("translations",)
    TRANSLATIONS_FIELD_NUMBER: _ClassVar[int]
    translations: _containers.RepeatedCompositeFieldContainer[Translation]
    def __init__(self, translations: _Optional[_Iterable[_Union[Translation, _Mapping]]] = ...) -> None: ...

class TranslateStreamRequest(_message.Message):
    __slots__ = ("text", "target_language", "source_language", "style_id", "translation_memory_id")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TARGET_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    STYLE_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSLATION_MEMORY_ID_FIELD_NUMBER: _ClassVar[int]
    text: str
    target_language: str
    source_language: str
    style_id: str
    translation_memory_id: str
    def __init__(self, text: _Optional[str] = ..., target_language: _Optional[str] = ..., source_language: _Optional[str] = ..., style_id: _Optional[str] = ..., translation_memory_id: _Optional[str] = ...) -> None: ...

class TranslatedPart(_message.Message):
    __slots__ = ("start", "end", "text", "is_sentence")
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    IS_SENTENCE_FIELD_NUMBER: _ClassVar[int]
    start: int
    end: int
    text: str
    is_sentence: bool
    def __init__(self, start: _Optional[int] = ..., end: _Optional[int] = ..., text: _Optional[str] = ..., is_sentence: _Optional[bool] = ...) -> None: ...

class TranslateStreamResponse(_message.Message):
    __slots__ = ("part", "whole")
    PART_FIELD_NUMBER: _ClassVar[int]
    WHOLE_FIELD_NUMBER: _ClassVar[int]
    part: TranslatedPart
    whole: Translation
    def __init__(self, part: _Optional[_Union[TranslatedPart, _Mapping]] = ..., whole: _Optional[_Union[Translation, _Mapping]] = ...) -> None: ...

class DetectRequest(_message.Message):
    __slots__ = ("texts",)
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    texts: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, texts: _Optional[_Iterable[str]] = ...) -> None: ...

class Detection(_message.Message):
    __slots__ = ("language", "confidence", "status")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    language: str
    confidence: float
    status: str
    def __init__(self, language: _Optional[str] = ..., confidence: _Optional[float] = ..., status: _Optional[str] = ...) -> None: ...

class DetectResponse(_message.Message):
    __slots__ = ("detections",)
    DETECTIONS_FIELD_NUMBER: _ClassVar[int]
    detections: _containers.RepeatedCompositeFieldContainer[Detection]
    def __init__(self, detections: _Optional[_Iterable[_Union[Detection, _Mapping]]] = ...) -> None: ...

class EmbedRequest(_message.Message):
    __slots__ = ("texts", "model", "purpose")
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PURPOSE_FIELD_NUMBER: _ClassVar[int]
    texts: _containers.RepeatedScalarFieldContainer[str]
    model: str
    purpose: EmbedPurpose
    def __init__(self, texts: _Optional[_Iterable[str]] = ..., model: _Optional[str] = ..., purpose: _Optional[_Union[EmbedPurpose, str]] = ...) -> None: ...

class Embedding(_message.Message):
    __slots__ = ("values", "tokens")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    tokens: int
    def __init__(self, values: _Optional[_Iterable[float]] = ..., tokens: _Optional[int] = ...) -> None: ...

class EmbedResponse(_message.Message):
    __slots__ = ("embeddings", "model")
    EMBEDDINGS_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    embeddings: _containers.RepeatedCompositeFieldContainer[Embedding]
    model: str
    def __init__(self, embeddings: _Optional[_Iterable[_Union[Embedding, _Mapping]]] = ..., model: _Optional[str] = ...) -> None: ...
