"""Pseudo-localisation: text that is plainly not a translation, yet shows what one would do.

Latin letters get accents, the text grows by about 30 % and stands in brackets, so that missing
fonts, narrow boxes, text glued from parts and text never sent to translation can be seen. The same
text always gives the same result. Placeholders, tags, entities, addresses, digits, white space and
all other scripts stay as they are.
"""

import re
from collections.abc import Sequence

from hanse.inference.engines import LoadedModel
from hanse.inference.job import CostPrior, ModelSpec, Traits
from hanse.inference.messages import ItemError

GROWTH = 1.3
FILL = "~"

_ACCENTS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž",
)

_KEPT = re.compile(
    r"""
      \{[^{}]*\}                              # {name}, {0}
    | %\([^()\s]+\)[a-zA-Z]                   # %(name)s
    | %(?:\d+\$)?[-+0\#]*\d*(?:\.\d+)?[a-zA-Z@%]  # %s, %1$s, %.2f, %%
    | \$\w+                                   # $name
    | </?[a-zA-Z][^<>]*>                      # <b>, </a>
    | &\#?\w+;                                # &amp;
    | https?://\S+
    | [\w.+-]+@[\w-]+\.[\w.-]+
    """,
    re.VERBOSE,
)


def pseudo_localise(text: str) -> str:
    """Return the pseudo-localised text; white space alone comes back as it is."""
    core = text.strip()
    if not core:
        return text
    start = text.index(core)
    parts, end = [], 0
    for kept in _KEPT.finditer(core):
        parts += [core[end : kept.start()].translate(_ACCENTS), kept.group()]
        end = kept.end()
    parts.append(core[end:].translate(_ACCENTS))
    fill = FILL * max(0, round(len(core) * GROWTH) - len(core) - 3)
    marked = f"[{''.join(parts)}{' ' + fill if fill else ''}]"
    return text[:start] + marked + text[start + len(core) :]


class Pseudo:
    """The engine `pseudo`, which needs no files."""

    name = "pseudo"
    version = "1"
    traits = Traits(
        batch_items_max=64,
        pads=False,
        prior=CostPrior(fixed_s=0.0002, item_s=0.000005, char_s=0.0000001),
    )

    def load(self, _model: ModelSpec) -> LoadedModel:
        """Return the one model there is."""
        return _Model()


class _Model:
    def run(self, items: Sequence[str]) -> list[str | ItemError]:
        return [pseudo_localise(text) for text in items]


engine = Pseudo()
