"""What a program gets that gives texts to an engine as they are: the yardstick of text handling.

The engine is Mozilla's own, `fxtranslate`, with the same models. Tags and placeholders stay in the
text; a glossary is what replacing words afterwards can do.
"""

import re
from collections.abc import Mapping, Sequence

from hanse.inference.choice import engine_chooser
from hanse.inference.engines import LoadedModel
from hanse.inference.engines.fxtranslate import engine
from hanse.inference.models import Catalogue, bundled_directory

NAME = "a naive wrapper (`fxtranslate`, the text as it is)"


def load(source: str, target: str) -> LoadedModel:
    """Load the model of a pair of languages into this process."""
    directory = bundled_directory()
    assert directory is not None, "the bundled models are there"
    catalogue = Catalogue([directory], engine_chooser("fxtranslate"))
    [model] = [
        each
        for each in catalogue.read()
        if (each.info.source, each.info.target) == (source, target)
    ]
    return engine.load(model)


def translate(model: LoadedModel, texts: Sequence[str]) -> list[str]:
    """Return what the engine makes of texts with whatever stands in them."""
    return [str(each) for each in model.run(list(texts))]


def with_terms(model: LoadedModel, texts: Sequence[str], terms: Mapping[str, str]) -> list[str]:
    """Return translations in which the engine's own word for each term was replaced afterwards."""
    own = dict(zip(terms, translate(model, list(terms)), strict=True))
    found = []
    for source, text in zip(texts, translate(model, texts), strict=True):
        replaced = text
        for term, target in terms.items():
            if re.search(rf"\b{term}\b", source, re.IGNORECASE):
                word = re.escape(own[term].strip(" ."))
                replaced = re.sub(rf"\b{word}\b", target, replaced, flags=re.IGNORECASE)
        found.append(replaced)
    return found
