"""What happened in a scheduler since its start."""

from msgspec import Struct


class Stats(Struct):
    """Counts that only grow."""

    requests: int = 0
    rejected_requests: int = 0
    items: int = 0
    cached_items: int = 0
    merged_items: int = 0
    run_items: int = 0
    batches: int = 0
    expired_items: int = 0
    failed_items: int = 0
    retried_items: int = 0
    poison_items: int = 0
    workers_lost: int = 0
    workers_hung: int = 0
    stepped_items: int = 0
    loaded_models: int = 0
    unloaded_models: int = 0
    failed_loads: int = 0
