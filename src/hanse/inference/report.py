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
    ("loaded_models", "models loaded"),
    ("unloaded_models", "unloaded"),
    ("failed_loads", "loads failed"),
)


def written(status: Mapping[str, Any]) -> str:
    """Return what `InferenceClient.status` tells: queues, workers, learned costs and counts."""
    counts = status["counts"]
    return "\n\n".join(
        [
            "QUEUES\n" + _queues(status["queues"]),
            "WORKERS\n" + _workers(status["workers"]),
            "MODELS\n" + _models(status["placement"], status["pinned"]),
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
            _runs(worker),
            str(worker["batches"]),
            f"{worker['pace']:.2f}",
            _size(worker["rss_bytes"]),
            f"{_size(worker['models_bytes'])} of "
            + (_size(worker["memory_bytes"]) if worker["memory_bytes"] else "any"),
            ", ".join(worker["loaded"]) or "-",
        ]
        for worker in workers
    ]
    head = ["pid", "kind", "runs", "batches", "pace", "process", "models take", "models"]
    return _table(head, rows)


def _runs(worker: Mapping[str, Any]) -> str:
    if worker["loading"]:
        return f"loads {worker['loading']} for {_time(worker['running_s'])}"
    if worker["running_model"]:
        since = _time(worker["running_s"])
        return f"{worker['running_items']} x {worker['running_model']} for {since}"
    return "free"


def _models(models: Sequence[Mapping[str, Any]], pinned: Mapping[str, bool]) -> str:
    rows = [
        [
            model["model"] + (" (pinned)" if model["pinned"] else ""),
            str(model["workers"]) + (f" + {model['loading']} loading" if model["loading"] else ""),
            f"{model['demand']:.3f}",
            str(model["waiting_items"]),
            _size(model["bytes"]) if model["bytes"] else "not known",
            _time(model["load_s"]),
            model["problem"] or "",
        ]
        for model in models
    ]
    missing = [name for name, is_there in pinned.items() if not is_there]
    note = f"\n  pinned, but not there: {', '.join(missing)}" if missing else ""
    head = ["model", "workers", "demand", "waiting", "size", "to load", ""]
    return _table(head, rows) + note


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


def _size(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "  none"
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return "\n".join(
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    )
