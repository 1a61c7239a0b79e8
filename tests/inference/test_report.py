"""A person on call reads the state of the scheduler in the shell."""

import json

from tests.serving import Hanse


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
        "LEARNED COSTS",
        "en-pt",
        "WEIGHTS",
    ):
        assert word in shown
    told = json.loads(hanse.command("inference", "status", "--json").stdout)
    assert told["queues"]["bulk"]["items"] == 0
    assert any("en-pt" in worker["loaded"] for worker in told["workers"])
