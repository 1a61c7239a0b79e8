"""When a child that ended starts again."""

PAUSE_FIRST_S = 0.2
PAUSE_LAST_S = 10.0
HEALTHY_AFTER_S = 30.0
START_FAILURES_MAX = 5


def after_exit(failures: int, healthy_s: float) -> tuple[int, float]:
    """The failures in a row now that a child ended, and the seconds to wait before its restart.

    `failures` counts those before; `healthy_s` is how long it had been ready. The pause doubles
    from PAUSE_FIRST_S to PAUSE_LAST_S; a child that was well for HEALTHY_AFTER_S starts afresh.
    """
    failures = 1 if healthy_s >= HEALTHY_AFTER_S else failures + 1
    doublings = min(failures - 1, 30)
    return failures, min(PAUSE_FIRST_S * 2**doublings, PAUSE_LAST_S)
