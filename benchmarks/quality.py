"""Wrong words in translations: how many quality evaluation finds, and how often it errs.

The sentences of the benchmark, written by people, stand as translations of what our engine makes
of them in Portuguese: a correct translation that is not the engine's own wording. In each, one word
is then exchanged: for a word of another sentence, and, where there is one, for a word that fits but
says something else. `python -m benchmarks quality`.
"""

import random
import re
from collections.abc import Sequence

from benchmarks.engine import folder
from benchmarks.sentences import SENTENCES
from hanse.inference import decode_scored
from hanse.inference.engines.firefox import scoring
from hanse.inference.engines.firefox.model import FirefoxModel
from hanse.language.quality import likelihood
from hanse.language.quality.likelihood import Pair

THRESHOLDS = (8.0, 10.0, 12.0, 14.0)
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
OPPOSITES = """
increase decrease|increased decreased|before after|open closed|buy sell|bought sold|left right
morning evening|must may|more less|first last|higher lower|above below|early late|hot cold|new old
large small|long short|always never|all no|inside outside|north south|east west|day night|good bad
many few|summer winter|Monday Friday|January June|can cannot|up down|start end|begins ends
with without|yes no|man woman|mother father|brother sister|two three|five six|hours days
weeks months"""


def run() -> str:
    """Measure, and return the section."""
    back = FirefoxModel.load(folder("enpt")).translate(SENTENCES)
    sources = [translation.text for translation in back]
    plain = list(zip(sources, SENTENCES, strict=True))
    rng = random.Random(1)
    swapped = [changed for pair in plain if (changed := with_other_word(*pair, rng))]
    opposite = [changed for pair in plain if (changed := with_opposite(*pair))]
    model = FirefoxModel.load(folder("pten"))
    rows = []
    for threshold in THRESHOLDS:
        falsely = reported(model, [(source, target, "") for source, target in plain], threshold)
        other, turned = (reported(model, some, threshold) for some in (swapped, opposite))
        chosen = "**" if threshold in (likelihood.UNLIKELY_NATS, likelihood.WRONG_NATS) else ""
        rows.append(
            f"| {chosen}{threshold:.0f}{chosen} | {other:.1%} | {turned:.1%} | {falsely:.1%} |"
        )
    table = "\n".join(rows)
    return f"""## Wrong words

{len(plain)} sentences written by people, as translations of what our engine makes of them in \
Portuguese; one word exchanged for one of another sentence ({len(swapped)} sentences) or for one \
that fits and says something else, as *before* and *after* ({len(opposite)}). A word is reported \
when another token is likelier by so many nats: from {likelihood.UNLIKELY_NATS:.0f} on as a minor \
issue, from {likelihood.WRONG_NATS:.0f} on as a major one.

| nats | found: another word | found: an opposite | sentences reported falsely |
|---|---|---|---|
{table}

Command: `python -m benchmarks quality`
"""


def with_other_word(source: str, target: str, rng: random.Random) -> tuple[str, str, str] | None:
    """Exchange a word of the target for one of another sentence."""
    places = [each for each in WORD.finditer(target) if len(each[0]) > 3 and each[0].islower()]
    if not places:
        return None
    place = rng.choice(places)
    while True:
        word = rng.choice(WORD.findall(rng.choice(SENTENCES)))
        if len(word) > 3 and word.islower() and word not in target:
            return source, target[: place.start()] + word + target[place.end() :], word


def with_opposite(source: str, target: str) -> tuple[str, str, str] | None:
    """Exchange a word of the target for one that turns the meaning."""
    pairs = [each.split() for each in OPPOSITES.strip().replace("\n", "|").split("|")]
    other = dict(pairs) | {b: a for a, b in pairs}
    for place in WORD.finditer(target):
        if place[0] in other:
            word = other[place[0]]
            return source, target[: place.start()] + word + target[place.end() :], word
    return None


def reported(model: FirefoxModel, rows: Sequence[tuple[str, str, str]], threshold: float) -> float:
    """Return the share of the rows in which their word, or if that is empty any, is reported."""
    given = [(source, target) for source, target, _ in rows]
    count = 0
    for (source, target), (_, _, word), result in zip(
        given, rows, scoring.rated(model, given), strict=True
    ):
        pair = Pair(source, target, 0, 0)
        issue = likelihood.unlikely([(pair, decode_scored(result))], nats=threshold)
        spans = issue.target_spans if issue is not None else ()
        count += any(not word or target[span.start : span.end] == word for span in spans)
    return count / len(rows)
