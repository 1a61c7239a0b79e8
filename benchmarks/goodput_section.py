"""The section and the plot that are made of what `benchmarks.goodput` measured and kept."""

from collections.abc import Iterable
from pathlib import Path

from benchmarks.goodput import (
    BULK_SENTENCES,
    BULK_SLO_S,
    INTERACTIVE_SHARE,
    INTERACTIVE_SLO_S,
    PEERS,
    TARGETS,
    WINDOW_S,
    Rate,
    Result,
    load_results,
)

PLOT = Path(__file__).parents[1] / "docs" / "images" / "goodput.svg"
NAMES = {
    "hanse": "Hanse",
    "mosec": "Mosec",
    "litserve": "LitServe",
    "bentoml": "BentoML",
    "ray": "Ray Serve",
}
ENGINES = ("fxtranslate", "firefox")


def section() -> str:
    """Return the section, and draw its plot."""
    results = load_results()
    draw(results)
    rows = "\n".join(_row(name, results[name]) for name in TARGETS if name in results)
    fast_s, slow_s = WINDOW_S["firefox"], WINDOW_S["fxtranslate"]
    return f"""## Goodput against other servers

The highest rate at which a server keeps its promises, in sentences/s. Requests come open-loop at \
random moments (Poisson), {INTERACTIVE_SHARE:.0%} with one sentence, for which a person waits, and \
the others with {BULK_SENTENCES}; latency counts from the moment when a request was due, whatever \
became of those before it. A rate holds when 99 % of the single sentences are answered within \
{INTERACTIVE_SLO_S * 1000:.0f} ms, 95 % of the requests of {BULK_SENTENCES} within \
{BULK_SLO_S:g} s, and the last answer comes soon after the last request. Rates rise along a fixed \
ladder (parts of the ceiling) until one fails twice; each is offered for {fast_s:g} s (`firefox`) \
or {slow_s:g} s, so the low rates rest on few requests. `ceiling` is the engine alone in two \
processes in a closed loop, the better of right before and right after. Every server has two \
workers with the same engine, and shares the machine with the load generator; no sentence comes \
twice in a short time, and Hanse's cache is off. Hanse also authenticates each request, counts it \
against a limit, splits it, and has its record on disk before it answers, which the others do not.

| server | engine | ceiling | goodput | / ceiling | interactive p50, p99 | bulk p95 | fails at |
|---|---|---|---|---|---|---|---|
{rows}

{_ratios(results)}

![Interactive requests in time, by the rate offered](images/goodput.svg)

The others schedule whole requests, in the order of arrival; a request of {BULK_SENTENCES} \
sentences occupies a worker, and when both are taken a single sentence waits. With `firefox` they \
form batches of up to four requests and wait 1 ms for them (BentoML: as many as its model of \
latency says), and each engine call has at most 16 sentences of like length.

Commands: `python -m benchmarks.goodput TARGET...` for some of them ({", ".join(TARGETS)}); \
`python -m benchmarks goodput` for all, in about 25 minutes. The other servers are installed into \
`.venv-peers` from `benchmarks/peers/requirements.txt`.
"""


def _row(name: str, result: Result) -> str:
    server, _, engine = name.partition("-")
    head = f"| {NAMES[server]} | `{engine}` | {result.ceiling:.0f}"
    if result.missing:
        return f"{head} | not measured: {result.missing[:80]} | | | | |"
    held = [rate for rate in result.rates if rate.held]
    failed = [rate for rate in result.rates if not rate.held]
    fails = f"{failed[-1].offered:.0f}: {_why(failed[-1])}" if failed else "never"
    if not held:
        return f"{head} | under {result.rates[0].offered:.0f} | | | | {fails} |"
    best = held[-1]
    return (
        f"{head} | **{result.goodput:.0f}** | **{result.goodput / result.ceiling:.2f}** "
        f"| {best.interactive_p50_s * 1000:.0f}, {best.interactive_p99_s * 1000:.0f} ms of "
        f"{best.interactive} "
        f"| {best.bulk_p95_s:.1f} s | {fails} |"
    )


def _why(rate: Rate) -> str:
    if rate.attainment < 0.99:
        return f"{rate.attainment:.0%} in time"
    if rate.bulk_p95_s > BULK_SLO_S:
        return f"bulk p95 {rate.bulk_p95_s:.0f} s"
    return "the queue grows"


def _ratios(results: dict[str, Result]) -> str:
    """What Hanse does more than the best of the others."""
    lines = []
    best = {engine: _best(results, engine) for engine in ENGINES}
    for ours, theirs in (
        ("fxtranslate", "fxtranslate"),
        ("firefox", "fxtranslate"),
        ("firefox", "firefox"),
    ):
        own = results.get(f"hanse-{ours}")
        name, other = best[theirs]
        if own is not None and other:
            lines.append(
                f"- Hanse with `{ours}` to the best of the others with `{theirs}` ({name}): "
                f"**{own.goodput / other:.1f} times**."
            )
    return "\n".join(lines)


def _best(results: dict[str, Result], engine: str) -> tuple[str, float]:
    found = [
        (results[name].goodput, NAMES[peer])
        for peer in PEERS
        if (name := f"{peer}-{engine}") in results
    ]
    goodput, name = max(found, default=(0.0, ""))
    return name, goodput


def draw(results: dict[str, Result]) -> None:
    """Draw the part of interactive requests in time against the rate offered."""
    import matplotlib as mpl

    mpl.use("svg")
    # Equal figures make equal files.
    mpl.rcParams.update({"svg.hashsalt": "hanse", "svg.fonttype": "none", "font.size": 9})
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
    for axis, engine in zip(axes, ENGINES, strict=True):
        for server, label in NAMES.items():
            result = results.get(f"{server}-{engine}")
            if result is None or not result.rates:
                continue
            x, y = zip(*_curve(result.rates, result.ceiling), strict=True)
            width = 2.2 if server == "hanse" else 1.1
            axis.plot(x, y, marker="o", markersize=3, linewidth=width, label=label)
        axis.axhline(0.99, color="grey", linewidth=0.7, linestyle=":")
        axis.set_xscale("log")
        axis.set_title(f"engine {engine}")
        axis.set_xlabel("offered / ceiling of the engine")
    axes[0].set_ylabel("single sentences within 250 ms")
    axes[0].legend(loc="lower left", fontsize=8)
    figure.tight_layout()
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PLOT, format="svg", metadata={"Date": None})
    plt.close(figure)


def _curve(rates: Iterable[Rate], ceiling: float) -> list[tuple[float, float]]:
    """One point for each rate: its last run, whose outcome counted."""
    points = {rate.offered / ceiling: rate.attainment for rate in rates}
    return sorted(points.items())
