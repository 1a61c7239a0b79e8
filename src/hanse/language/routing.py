"""Which models take a text from one language to another."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hanse.inference import ModelInfo
from hanse.language.languages import NAMES, VARIANT_NAMES, find_code, model_codes, root, v2
from hanse.platform.problems import BadRequest

PSEUDO: Final = "pseudo"
"""The pseudo-localisation engine: it covers every pair, and is never taken for a translation."""

PIVOT: Final = "en"


class UnsupportedPair(BadRequest):
    """No installed model, nor two of them through English, translate between these languages."""

    code = "unsupported_language_pair"
    title = "Language pair not supported"


def route(models: Iterable[ModelInfo], source: str, target: str) -> list[str]:
    """Return the names of the models to run one after the other, for canonical codes.

    A direct model wins over two models through English, and any real model over the pseudo engine.
    A variant without a model of its own is translated by the model of its root language, in the
    variety which that model knows. Raises UnsupportedPair, whose fact `unknown` says what no model
    knows at all: "source", "target" or only the "pair".
    """
    by_pair, pseudo = _index(models)
    sources, targets = model_codes(source), model_codes(target)
    for source_code in sources:
        for target_code in targets:
            if direct := by_pair.get((source_code, target_code)):
                return [direct]
    for source_code in sources:
        for target_code in targets:
            first = by_pair.get((source_code, PIVOT))
            second = by_pair.get((PIVOT, target_code))
            if first and second:
                return [first, second]
    if pseudo is not None:
        return [pseudo]
    unknown = (
        "source"
        if not any(code in sources for code, _ in by_pair)
        else "target"
        if not any(code in targets for _, code in by_pair)
        else "pair"
    )
    raise UnsupportedPair(
        f"No installed model translates from {v2(source)} to {v2(target)}, directly or through "
        "English. An administrator adds models with: hanse models add "
        f"{' '.join(_missing(by_pair, sources[-1], targets[-1]))}",
        source=source,
        target=target,
        unknown=unknown,
    )


def _missing(by_pair: Mapping[tuple[str, str], str], source: str, target: str) -> list[str]:
    """Return the names of the models that would make a way."""
    if PIVOT in (source, target):
        return [f"{source}-{target}"]
    legs = ((source, PIVOT), (PIVOT, target))
    return ["-".join(leg) for leg in legs if leg not in by_pair]


def sources(models: Iterable[ModelInfo]) -> frozenset[str]:
    """Return the root languages that can be translated from."""
    models = list(models)
    _, pseudo = _index(models)
    return real_sources(models) if pseudo is None else frozenset(NAMES)


def real_sources(models: Iterable[ModelInfo]) -> frozenset[str]:
    """Return the root languages that a real model translates from."""
    by_pair, _ = _index(models)
    return frozenset(root(source) for source, _ in by_pair)


def targets(models: Iterable[ModelInfo]) -> frozenset[str]:
    """Return the languages, and the variants with a model of their own, to translate into."""
    by_pair, pseudo = _index(models)
    if pseudo is not None:
        return frozenset((*NAMES, *VARIANT_NAMES))
    return frozenset(target for _, target in by_pair)


def is_pseudo(models_used: Sequence[str]) -> bool:
    """Say whether text that these models made is a pseudo-localisation."""
    return PSEUDO in models_used


def _index(models: Iterable[ModelInfo]) -> tuple[dict[tuple[str, str], str], str | None]:
    by_pair: dict[tuple[str, str], str] = {}
    pseudo = None
    for model in models:
        if model.task != "translate":
            continue
        if model.source is None or model.target is None:
            pseudo = model.name if model.name == PSEUDO else pseudo
            continue
        pair = (find_code(model.source), find_code(model.target))
        if pair[0] is not None and pair[1] is not None:
            by_pair.setdefault((pair[0], pair[1]), model.name)
    return by_pair, pseudo
