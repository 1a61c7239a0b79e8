"""A person on call reads the state of the scheduler in the shell."""

import json

from tests.serving import Hanse, until


def test_the_status_shows_queues_workers_and_costs(hanse: Hanse) -> None:
    answer = hanse.client(hanse.make_key()).post(
        "/v2/translate", json={"text": ["The door is open tonight."], "target_lang": "PT"}
    )
    assert answer.status_code == 200
    shown = hanse.command("inference", "status").stdout
    for word in (
        "QUEUES",
        "interactive",
        "least slack",
        "WORKERS",
        "models take",
        "MODELS",
        "demand",
        "LEARNED COSTS",
        "en-pt",
        "WEIGHTS",
    ):
        assert word in shown
    told = json.loads(hanse.command("inference", "status", "--json").stdout)
    assert told["queues"]["bulk"]["items"] == 0
    assert any("en-pt" in worker["loaded"] for worker in told["workers"])
    assert all(worker["memory_bytes"] > worker["models_bytes"] for worker in told["workers"])
    [model] = [row for row in told["placement"] if row["model"] == "en-pt"]
    assert model["workers"] >= 1
    assert model["bytes"] > 10_000_000
    assert model["demand"] > 0.0
    ready = 'hanse_inference_model_workers{model="en-pt",state="ready"}'
    # Gauges are set every few seconds.
    until(lambda: ready in hanse.client().get("/metrics").text)
    metrics = hanse.client().get("/metrics").text
    assert 'hanse_inference_model_demand_ratio{model="en-pt"}' in metrics
    assert 'hanse_inference_worker_memory_bytes{worker="0"}' in metrics
