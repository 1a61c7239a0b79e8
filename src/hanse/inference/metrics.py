"""What inference tells Prometheus. None of it names an organisation or shows a text."""

from msgspec import structs
from prometheus_client import Counter, Gauge, Histogram

from hanse.inference.scheduler import Scheduler, Stats

_QUEUED = Gauge(
    "hanse_inference_queued_items",
    "Items that wait for a worker.",
    ["service_class"],
    multiprocess_mode="livesum",
)
_BACKLOG = Gauge(
    "hanse_inference_backlog_seconds",
    "Predicted work that waits, in seconds of one worker.",
    ["service_class"],
    multiprocess_mode="livesum",
)
_BACKLOG_PER_WORKER = Gauge(
    "hanse_inference_backlog_per_worker_seconds",
    "Predicted work that waits, in seconds for each worker: scale the workers on it.",
    multiprocess_mode="livemax",
)
_WORKERS = Gauge(
    "hanse_inference_workers",
    "Workers that are connected.",
    multiprocess_mode="livesum",
)
_CACHE_BYTES = Gauge(
    "hanse_inference_cache_bytes",
    "Memory of cached results.",
    multiprocess_mode="livesum",
)
_CACHE_HITS = Gauge(
    "hanse_inference_cache_hit_ratio",
    "Part of all items since the start that the cache answered.",
    multiprocess_mode="livemostrecent",
)
_EVENTS = Counter(
    "hanse_inference_events_total",
    "What happened to requests, items, batches and workers, by kind.",
    ["event"],
)
_REFUSED = Counter(
    "hanse_inference_refused_total",
    "Requests that were refused, by code of the error.",
    ["code"],
)
_RESTARTS = Counter(
    "hanse_inference_worker_restarts_total", "Workers that were started again after they ended."
)
_COST_ERROR = Gauge(
    "hanse_inference_cost_error_ratio",
    "Running mean of |predicted - actual| / actual of a batch's time, by model and kind of worker.",
    ["model", "worker_kind"],
    multiprocess_mode="livemax",
)
_BATCH_ITEMS = Histogram(
    "hanse_inference_batch_items",
    "Items of a batch.",
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
_BATCH_SECONDS = Histogram(
    "hanse_inference_batch_seconds",
    "Time of a batch, from sending it to its results.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
_PREDICTION = Histogram(
    "hanse_inference_predicted_to_actual",
    "Predicted time of a batch divided by its actual time.",
    buckets=(0.1, 0.25, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2, 4, 10),
)


class Metrics:
    """Publishes one scheduler."""

    def __init__(self) -> None:
        self._told = Stats()

    def publish(self, scheduler: Scheduler) -> None:
        """Publish what waits now, and what was counted since the last time."""
        for service_class, queue in scheduler.queues.items():
            _QUEUED.labels(service_class.value).set(queue.items)
            _BACKLOG.labels(service_class.value).set(queue.seconds)
        workers = len(scheduler.fleet.workers)
        waits_s = sum(queue.seconds for queue in scheduler.queues.values())
        _BACKLOG_PER_WORKER.set(waits_s / max(1, workers))
        _WORKERS.set(workers)
        _CACHE_BYTES.set(scheduler.cache.bytes)
        _CACHE_HITS.set(scheduler.stats.cached_items / max(1, scheduler.stats.items))
        for model, kind, error in scheduler.cost_errors():
            _COST_ERROR.labels(model, kind).set(error)
        counts = structs.asdict(scheduler.stats)
        told = structs.asdict(self._told)
        for event, total in counts.items():
            if total > told[event]:
                _EVENTS.labels(event).inc(total - told[event])
        self._told = Stats(**counts)

    def refused(self, code: str) -> None:
        """A request was refused."""
        _REFUSED.labels(code).inc()

    def restarted(self) -> None:
        """A worker was started again."""
        _RESTARTS.inc()

    def batch(self, items: int, predicted_s: float, took_s: float) -> None:
        """A batch ended."""
        _BATCH_ITEMS.observe(items)
        _BATCH_SECONDS.observe(took_s)
        _PREDICTION.observe(predicted_s / max(took_s, 1e-6))
