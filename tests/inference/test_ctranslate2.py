"""Models for CTranslate2, with a tiny one of random weights made on the spot."""

import json
from pathlib import Path

import ctranslate2
import numpy as np
import pytest
import sentencepiece
from ctranslate2.specs import TransformerSpec

from hanse.inference.choice import engine_chooser
from hanse.inference.engines import find_engine
from hanse.inference.messages import ItemError
from hanse.inference.models import Catalogue
from tests.inference.firefox.sentences import ENGLISH

DIM = 16


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with `de-fr`."""
    folder = tmp_path_factory.mktemp("models") / "de-fr"
    with (folder.parent / "source.spm").open("wb") as out:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(ENGLISH),
            model_writer=out,
            vocab_size=96,
            minloglevel=2,
            hard_vocab_limit=False,
            bos_id=-1,
            pad_id=-1,
            eos_id=0,
            unk_id=1,
        )
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder.parent / "source.spm"))
    vocabulary = ["<unk>", "<s>", "</s>", "fra_Latn"]
    vocabulary += [pieces.id_to_piece(at) for at in range(2, pieces.vocab_size())]
    spec = TransformerSpec.from_config(num_layers=1, num_heads=2, pre_norm=True)
    rng = np.random.default_rng(3)

    def values(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    def fill(linear, outputs: int, inputs: int) -> None:
        linear.weight, linear.bias = values(outputs, inputs), values(outputs)

    def norm(layer) -> None:
        layer.gamma, layer.beta = np.ones(DIM, np.float32), np.zeros(DIM, np.float32)

    def attention(layer, *sizes: int) -> None:
        norm(layer.layer_norm)
        for linear, size in zip(layer.linear, sizes, strict=True):
            fill(linear, size, DIM)

    def feed_forward(layer) -> None:
        norm(layer.layer_norm)
        fill(layer.linear_0, 2 * DIM, DIM)
        fill(layer.linear_1, DIM, 2 * DIM)

    for side in (spec.encoder, spec.decoder):
        norm(side.layer_norm)
        for layer in side.layer:
            attention(layer.self_attention, 3 * DIM, DIM)
            feed_forward(layer.ffn)
    for layer in spec.decoder.layer:
        attention(layer.attention, DIM, 2 * DIM, DIM)
    spec.encoder.embeddings[0].weight = values(len(vocabulary), DIM)
    spec.decoder.embeddings.weight = values(len(vocabulary), DIM)
    fill(spec.decoder.projection, len(vocabulary), DIM)
    spec.decoder.projection.bias[[0, 1, 3]] = -1e4  # never written, only given
    for side in (spec.encoder, spec.decoder):
        side.position_encodings.encodings = values(1024, DIM)
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.validate()
    folder.mkdir()
    spec.save(str(folder))
    (folder.parent / "source.spm").rename(folder / "shared.spm")
    (folder / "tokens.json").write_text(json.dumps({"target_prefix": ["fra_Latn"]}))
    return folder.parent


def test_it_is_in_the_catalogue_and_gives_the_same_in_any_batch(models: Path) -> None:
    (spec,) = Catalogue([models], engine_chooser("auto")).read()
    info = spec.info
    assert (info.name, info.source, info.target) == ("de-fr", "de", "fr")
    assert info.engine == "ctranslate2"
    model = find_engine(info.engine).load(spec)
    texts = ["Hello world.", "", "Nobody knows.", "x", "word " * 2000]
    together = model.run(texts)
    assert together[1] == ""
    assert isinstance(together[4], ItemError)
    assert all(isinstance(each, str) and "fra_Latn" not in each for each in together[:4])
    assert any(together[:4])
    assert [model.run([text])[0] for text in texts] == together


def test_a_folder_without_a_vocabulary_is_skipped_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "de-fr").mkdir()
    (tmp_path / "de-fr" / "model.bin").write_bytes(b"x" * 2000)
    catalogue = Catalogue([tmp_path], engine_chooser("auto"))
    assert catalogue.read() == []
    assert "source.spm" in catalogue.skipped[tmp_path / "de-fr"]
    assert ctranslate2.__version__
