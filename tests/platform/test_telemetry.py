"""Traces join what belongs together, and cost nothing where nobody asked for them."""

import json
import subprocess
import sys

import pytest

# Tracing is set for a whole process, so each test has one of its own.
_TRACED = """
import json
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from hanse.platform.telemetry import current_traceparent, span
exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
with span("request", traceparent=given):
    sent = current_traceparent()
with span("consumer", traceparent=sent, event="x"):
    pass
spans = exporter.get_finished_spans()
print(json.dumps([[s.name, f"{s.context.trace_id:032x}", f"{s.parent.span_id:016x}",
                   f"{s.context.span_id:016x}"] for s in spans]))
"""

_UNTRACED = """
import sys
from hanse.platform.telemetry import current_traceparent, span
with span("request", traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
    print(current_traceparent())
print("opentelemetry" in sys.modules)
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_span_continues_the_callers_trace_and_hands_it_on() -> None:
    request, consumer = json.loads(run(_TRACED))
    assert request[1] == consumer[1] == "0af7651916cd43dd8448eb211c80319c"
    assert request[2] == "b7ad6b7169203331"
    assert consumer[2] == request[3]


def test_without_tracing_a_span_is_nothing_and_loads_nothing() -> None:
    assert run(_UNTRACED).split() == ["None", "False"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_logged_error_tells_where_it_happened_but_not_what_was_in_the_variables(
    form: str,
) -> None:
    program = f"""
import contextlib, io, sys
sys.stderr = io.StringIO()
from hanse.platform.telemetry import configure_logging, log
configure_logging(level="info", log_format="{form}", role="test")
def fail(key):
    raise ValueError("no")
try:
    fail(":".join(["hanse", "key", "that", "nobody", "reads"]))
except ValueError:
    log.exception("failed")
print(sys.stderr.getvalue())
"""
    said = run(program)
    assert "ValueError" in said
    assert "fail" in said
    assert "hanse:key:that" not in said
