"""Models converted for CTranslate2: OPUS-MT, NLLB, M2M and the like. Needs the extra `ctranslate2`.

A folder holds `model.bin`, `config.json`, the vocabulary, and the SentencePiece models `source.spm`
and `target.spm`, or one `*.model` or `*.spm` for both. A model of many languages is told the pair
by `tokens.json`: `{"source_prefix": ["deu_Latn"], "source_suffix": ["</s>"], "target_prefix":
["fra_Latn"]}`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from hanse.inference.engines import LoadedModel
from hanse.inference.job import CostPrior, ModelSpec, Traits
from hanse.inference.messages import ItemError

SOURCE_TOKENS_MAX = 512
TARGET_TOKENS_MAX = 512
BATCH_TOKENS_MAX = 1024
"""Tokens computed at once, padding included; the engine sorts by length within a batch."""
BEAM_SIZE = 1


class Tokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tokens around a source and at the start of a translation, by which models know languages."""

    source_prefix: tuple[str, ...] = ()
    source_suffix: tuple[str, ...] = ()
    target_prefix: tuple[str, ...] = ()


class CTranslate2:
    """The engine `ctranslate2`."""

    name = "ctranslate2"
    version = "1"
    traits = Traits(
        batch_items_max=32,
        pads=True,
        prior=CostPrior(fixed_s=0.01, item_s=0.005, char_s=0.0004, longest_char_s=0.0005),
    )

    def load(self, model: ModelSpec) -> LoadedModel:
        """Load the model in `model.directory` on one thread, in int8 where the processor can.

        Raises ImportError without the extra, ValueError and RuntimeError for damaged files.
        """
        import ctranslate2
        import sentencepiece

        if model.directory is None:
            raise ValueError("The model has no files.")
        folder = Path(model.directory)
        source, target = vocabularies(folder)
        about = folder / "tokens.json"
        tokens = (
            msgspec.json.decode(about.read_bytes(), type=Tokens) if about.exists() else Tokens()
        )
        translator = ctranslate2.Translator(
            str(folder), device="cpu", compute_type="auto", inter_threads=1, intra_threads=1
        )
        return _Model(
            translator,
            sentencepiece.SentencePieceProcessor(model_file=str(source)),
            sentencepiece.SentencePieceProcessor(model_file=str(target)),
            tokens,
        )


def vocabularies(folder: Path) -> tuple[Path, Path]:
    """Return the SentencePiece models of source and target. Raises ValueError."""
    source, target = folder / "source.spm", folder / "target.spm"
    if source.exists() and target.exists():
        return source, target
    shared = sorted([*folder.glob("*.model"), *folder.glob("*.spm")])
    if len(shared) != 1:
        raise ValueError("There is no source.spm with target.spm, and no one *.model or *.spm.")
    return shared[0], shared[0]


class _Model:
    def __init__(self, translator: Any, source: Any, target: Any, tokens: Tokens) -> None:
        self._translator = translator
        self._source = source
        self._target = target
        self._tokens = tokens

    def run(self, items: Sequence[str]) -> list[str | ItemError]:
        clean = [item.encode("utf-8", "replace").decode() for item in items]
        pieces = [self._source.encode(item, out_type=str) for item in clean]
        answers: list[str | ItemError] = ["" for _ in items]
        asked = []
        for place, found in enumerate(pieces):
            if len(found) > SOURCE_TOKENS_MAX:
                answers[place] = ItemError(
                    f"The sentence has {len(found)} pieces, more than the model takes."
                )
            elif found:
                asked.append(place)
        prefix = list(self._tokens.target_prefix)
        results = self._translator.translate_batch(
            [
                [*self._tokens.source_prefix, *pieces[place], *self._tokens.source_suffix]
                for place in asked
            ],
            target_prefix=[prefix for _ in asked] if prefix else None,
            max_batch_size=BATCH_TOKENS_MAX,
            batch_type="tokens",
            beam_size=BEAM_SIZE,
            max_decoding_length=TARGET_TOKENS_MAX,
        )
        for place, result in zip(asked, results, strict=True):
            answers[place] = self._target.decode(result.hypotheses[0][len(prefix) :])
        return answers


engine = CTranslate2()
