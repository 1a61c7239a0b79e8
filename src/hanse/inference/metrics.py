"""What inference tells Prometheus. None of it names an organisation or shows a text."""

from itertools import islice

from msgspec import structs
from prometheus_client import Counter, Gauge, Histogram

from hanse.inference.scheduler import Scheduler
from hanse.inference.stats import Stats
from hanse.inference.status import cost_errors, models_of

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
_COPIES = Gauge(
    "hanse_inference_model_workers",
    "Workers that hold a model, or load it.",
    ["model", "state"],
    multiprocess_mode="livesum",
)
_DEMAND = Gauge(
    "hanse_inference_model_demand_ratio",
    "Work that comes in for a model, in seconds of one worker for each second.",
    ["model"],
    multiprocess_mode="livesum",
)
_MODEL_BYTES = Gauge(
    "hanse_inference_model_bytes",
    "Memory that a model takes on each worker that holds it.",
    ["model"],
    multiprocess_mode="livemax",
)
_HOLDS = Gauge(
    "hanse_inference_worker_holds",
    "1 where a worker holds a model, 0.5 while it loads it, 0 where it did before. Workers are "
    "numbered as `hanse inference status` lists them; the first 64 are told.",
    ["worker", "model"],
    multiprocess_mode="livemostrecent",
)
_HELD_BYTES = Gauge(
    "hanse_inference_worker_models_bytes",
    "Memory that the models of a worker take.",
    ["worker"],
    multiprocess_mode="livemostrecent",
)
_MEMORY_BYTES = Gauge(
    "hanse_inference_worker_memory_bytes",
    "Memory that the models of a worker may take; 0: there is no bound.",
    ["worker"],
    multiprocess_mode="livemostrecent",
)
_LOAD_SECONDS = Histogram(
    "hanse_inference_load_seconds",
    "Time that a worker took to load a model and warm it up.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
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


WORKERS_TOLD_MAX = 64
"""Workers whose models are told one by one: a series for each worker and model is many."""


class Metrics:
    """Publishes one scheduler."""

    def __init__(self) -> None:
        self._told = Stats()
        # A series that was published stays: what no longer holds must be set to zero.
        self._models: set[str] = set()
        self._holds: set[tuple[str, str]] = set()

    def publish(self, scheduler: Scheduler, now: float) -> None:
        """Publish what waits now, and what was counted since the last time."""
        self._publish_models(scheduler, now)
        self._publish_workers(scheduler)
        for service_class, queue in scheduler.queues.items():
            _QUEUED.labels(service_class.value).set(queue.items)
            _BACKLOG.labels(service_class.value).set(queue.seconds)
        workers = len(scheduler.fleet.workers)
        waits_s = sum(queue.seconds for queue in scheduler.queues.values())
        _BACKLOG_PER_WORKER.set(waits_s / max(1, workers))
        _WORKERS.set(workers)
        _CACHE_BYTES.set(scheduler.cache.bytes)
        _CACHE_HITS.set(scheduler.stats.cached_items / max(1, scheduler.stats.items))
        for model, kind, error in cost_errors(scheduler):
            _COST_ERROR.labels(model, kind).set(error)
        counts = structs.asdict(scheduler.stats)
        told = structs.asdict(self._told)
        for event, total in counts.items():
            if total > told[event]:
                _EVENTS.labels(event).inc(total - told[event])
        self._told = Stats(**counts)

    def _publish_models(self, scheduler: Scheduler, now: float) -> None:
        rows = {row["model"]: row for row in models_of(scheduler, now)}
        for name in self._models | rows.keys():
            row = rows.get(name, {})
            _COPIES.labels(name, "ready").set(row.get("workers", 0))
            _COPIES.labels(name, "loading").set(row.get("loading", 0))
            _DEMAND.labels(name).set(row.get("demand", 0.0))
            _MODEL_BYTES.labels(name).set(row.get("bytes", 0))
        self._models |= rows.keys()

    def _publish_workers(self, scheduler: Scheduler) -> None:
        memory = scheduler.placement.memory
        workers = islice(scheduler.fleet.workers.values(), WORKERS_TOLD_MAX)
        holds: dict[tuple[str, str], float] = {}
        for place, worker in enumerate(workers):
            _HELD_BYTES.labels(str(place)).set(memory.held_bytes(worker))
            _MEMORY_BYTES.labels(str(place)).set(worker.memory_bytes)
            for model_hash in worker.loaded:
                model = memory.models.get(model_hash)
                if model is not None:
                    holds[str(place), model.info.name] = 1.0
            if worker.loads is not None:
                holds[str(place), worker.loads.info.name] = 0.5
        for labels in self._holds | holds.keys():
            _HOLDS.labels(*labels).set(holds.get(labels, 0.0))
        self._holds |= holds.keys()

    def loaded(self, took_s: float) -> None:
        """A worker loaded a model."""
        _LOAD_SECONDS.observe(took_s)

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
