"""The state of the scheduler as a page that a person on call can read. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

_COUNTS = (
    ("requests", "requests"),
    ("rejected_requests", "refused"),
    ("items", "items"),
    ("cached_items", "from the cache"),
    ("merged_items", "merged"),
    ("run_items", "computed"),
    ("batches", "batches"),
    ("expired_items", "expired"),
    ("failed_items", "failed"),
    ("retried_items", "run again"),
    ("workers_lost", "workers lost"),
    ("workers_hung", "workers hung"),
)


def written(status: Mapping[str, Any]) -> str:
    """Return what `InferenceClient.status` tells: queues, workers, learned costs and counts."""
    counts = status["counts"]
    return "\n\n".join(
        [
            "QUEUES\n" + _queues(status["queues"]),
            "WORKERS\n" + _workers(status["workers"]),
            "LEARNED COSTS\n" + _costs(status["costs"]),
            "SINCE THE START\n"
            + ", ".join(f"{counts[name]} {words}" for name, words in _COUNTS if name in counts),
            "WEIGHTS "
            + (
                ", ".join(f"{each} {w:g}" for each, w in status["organisation_weights"].items())
                or "1 for every organisation"
            ),
            f"CACHE {status['cache']['entries']} results, "
            f"{status['cache']['bytes'] / 2**20:.1f} MiB, "
            f"{status['cache']['hit_rate']:.1%} of all items answered from it; "
            f"{status['requests']} open requests of {status['clients']} clients; "
            f"models: {', '.join(status['models']) or 'none'}",
        ]
    )


def _queues(queues: Mapping[str, Any]) -> str:
    rows = [
        [
            name,
            str(queue["items"]),
            _time(queue["predicted_s"]),
            "-" if queue["slack_s"] is None else _time(queue["slack_s"]),
            _time(queue["owed_s"]),
        ]
        for name, queue in queues.items()
    ]
    return _table(["class", "items", "work", "least slack", "owed"], rows)


def _workers(workers: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            str(worker["pid"]),
            worker["kind"],
            f"{worker['running_items']} x {worker['running_model']} for "
            f"{_time(worker['running_s'])}"
            if worker["running_model"]
            else "free",
            str(worker["batches"]),
            f"{worker['pace']:.2f}",
            f"{worker['rss_bytes'] / 2**20:.0f} MiB",
            ", ".join(worker["loaded"]) or "-",
        ]
        for worker in workers
    ]
    return _table(["pid", "kind", "runs", "batches", "pace", "memory", "models"], rows)


def _costs(costs: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            cost["model"],
            cost["worker_kind"],
            _time(cost["fixed_s"]),
            _time(cost["item_of_100_chars_s"]),
            f"{cost['error']:.0%}",
            str(cost["batches"]),
        ]
        for cost in costs
    ]
    return _table(["model", "worker", "batch", "100 characters", "error", "learned from"], rows)


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if abs(seconds) >= 1 else f"{seconds * 1000:.1f} ms"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "  none"
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return "\n".join(
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    )
