"""Logs, metrics and traces: structured lines on stderr, Prometheus counters, optional spans.

Metrics are shared by all processes of one tree through `PROMETHEUS_MULTIPROC_DIR`, which must be
set in the environment before this module is imported; any one process can then render them all.
Traces need the extra `hanse[otel]` and an endpoint; without them a span costs next to nothing.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import multiprocess as prometheus_multiprocess

METRICS_CONTENT_TYPE = "text/plain; version=0.0.4"

log = structlog.stdlib.get_logger("hanse")
bind = structlog.contextvars.bind_contextvars
bound = structlog.contextvars.bound_contextvars


def configure_logging(*, level: str, log_format: str, role: str) -> None:
    """Send structured lines to stderr, as `json` or as `text` for people; `auto` asks the terminal.

    Each line carries the role, and whatever is bound in the context (request_id, ...). Lines of
    libraries that use `logging` take the same form.
    """
    as_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        if as_text
        else structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        lambda _logger, _method, event: {"role": role, **event},
    ]
    # Both would show the local variables of each frame, and with them keys, cookies and texts.
    plain = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    renderer: list[Any] = (
        [
            structlog.dev.ConsoleRenderer(
                colors=True, exception_formatter=structlog.dev.plain_traceback
            )
        ]
        if as_text
        else [structlog.processors.ExceptionRenderer(plain), structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "asyncio", "nats", "picows", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def render_metrics() -> bytes:
    """Return the metrics of all processes of this tree in Prometheus' text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    prometheus_multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget_process(pid: int) -> None:
    """Take the live gauges of a dead process out of the metrics; its counters stay."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        prometheus_multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def configure_tracing(*, endpoint: str | None, role: str) -> None:
    """Send spans to an OTLP/HTTP collector at `endpoint`; do nothing when it is None.

    Raises RuntimeError if an endpoint is set but the extra `hanse[otel]` is not installed.
    """
    if endpoint is None:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise RuntimeError(
            "HANSE_OTLP_ENDPOINT is set, but tracing is not installed: pip install 'hanse[otel]'"
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": f"hanse-{role}"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


@contextmanager
def span(name: str, *, traceparent: str | None = None, **attributes: Any) -> Iterator[None]:
    """Record what runs inside as a span, under `traceparent` (W3C Trace Context) where given."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        yield
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = None
    if traceparent is not None:
        context = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    tracer = trace.get_tracer("hanse")
    with tracer.start_as_current_span(name, context=context, attributes=attributes):
        yield


def current_traceparent() -> str | None:
    """Return the W3C `traceparent` of the running span, to send along; None without tracing."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")
