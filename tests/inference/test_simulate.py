"""The simulator: every policy answers each request once, the same seed gives the same figures."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from hanse.cli import main
from hanse.inference.job import ServiceClass
from hanse.inference.simulate import measure
from hanse.inference.simulate.cells import simulate_cells
from hanse.inference.simulate.engines import CURVES, Trouble
from hanse.inference.simulate.policies import NAMES
from hanse.inference.simulate.trial import Objective, Scenario, Trial, attempt
from hanse.inference.simulate.workload import (
    BadRecording,
    Traffic,
    generate,
    record,
    recorded,
    sample_lengths,
)

INTERACTIVE, LIVE, BULK = ServiceClass
PATIENT = {
    service_class: Objective(60.0, 0.99, 3_600.0) for service_class in (INTERACTIVE, LIVE, BULK)
}
SHORT = Scenario(duration_s=8.0, warm_s=1.0)


@pytest.mark.parametrize("policy", NAMES)
def test_every_request_is_answered_once_though_workers_crash_and_hang(policy: str) -> None:
    trial = Trial(
        policy,
        replace(
            SHORT,
            load=0.4,
            objectives=PATIENT,
            traffic=Traffic(pattern="bursts", models=3, live_share=0.2),
            trouble=Trouble(crashes_per_h=800.0, hangs_per_h=300.0, slow_share=0.5),
        ),
        arrivals=list(
            generate(
                Traffic(pattern="bursts", models=3, live_share=0.2),
                items_per_s=60.0,
                duration_s=8.0,
                seed=3,
            )
        ),
    )
    figures = trial.run()  # asserts that none is answered twice
    assert figures.workers_lost > 0
    assert len(trial.requests) > 20
    assert {each.fate for each in trial.requests} == {measure.ANSWERED}


@pytest.mark.parametrize("policy", ["clockwork", "ours"])
def test_a_seed_decides_everything(policy: str) -> None:
    scenario = replace(SHORT, load=0.5, duration_s=3.0, trouble=Trouble(crashes_per_h=500.0))
    first, second, other = (
        replace(attempt((policy, replace(scenario, seed=seed))), wall_s=0.0) for seed in (5, 5, 6)
    )
    assert first == second != other


def test_ours_beats_fifo_at_sixty_percent_load() -> None:
    fifo, ours = (
        attempt((policy, replace(SHORT, load=0.6, duration_s=12.0))).classes["interactive"]
        for policy in ("fifo", "ours")
    )
    assert ours.attainment == 1.0
    assert fifo.attainment < 0.8


def test_placing_by_demand_loads_less_and_keeps_more_objectives_than_loading_on_demand() -> None:
    crowded = replace(
        SHORT,
        load_s=0.5,
        workers=4,
        models_per_worker=4,
        traffic=Traffic(models=12),
        load=0.5,
        warm_s=20.0,
        duration_s=10.0,
    )
    on_demand, by_demand = (attempt((policy, crowded)) for policy in ("ours-on-demand", "ours"))
    assert by_demand.loads < on_demand.loads / 4
    assert by_demand.loading_share < 0.1
    kept, lost = (each.classes["interactive"].attainment for each in (by_demand, on_demand))
    assert kept > lost


def test_a_flood_changes_no_arrival_of_the_others() -> None:
    calm, wild = (
        [
            arrival
            for arrival in generate(
                Traffic(flood=flood, organisations=3), items_per_s=50, duration_s=30, seed=1
            )
            if arrival.organisation != 0
        ]
        for flood in (1.0, 10.0)
    )
    assert calm == wild


@pytest.mark.parametrize("pattern", ["poisson", "bursts", "diurnal"])
def test_traffic_has_the_rate_that_was_asked_for(pattern: str) -> None:
    traffic = Traffic(pattern=pattern, organisations=20)
    arrivals = list(generate(traffic, items_per_s=200.0, duration_s=240.0, seed=2))
    items = sum(len(arrival.lengths) for arrival in arrivals)
    assert items / 240.0 == pytest.approx(200.0, rel=0.2)
    assert [arrival.at for arrival in arrivals] == sorted(arrival.at for arrival in arrivals)


def test_the_engines_cost_what_was_measured() -> None:
    lengths = sample_lengths(4_000, seed=1)
    alone = sorted(CURVES["fxtranslate"].seconds([length]) for length in lengths)
    assert sum(alone) / len(alone) == pytest.approx(0.0131, rel=0.1)
    assert measure.quantile(alone, 0.9) == pytest.approx(0.028, rel=0.1)
    assert CURVES["c-engine"].items_per_s(lengths) == pytest.approx(514, rel=0.15)
    assert CURVES["onnx"].items_per_s(lengths) == pytest.approx(299, rel=0.3)  # padding apart


def test_recorded_traffic_is_replayed_and_a_damaged_recording_is_named(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    arrivals = list(generate(Traffic(), items_per_s=100, duration_s=5, seed=1))
    assert record(arrivals, file) == len(arrivals)
    again = list(recorded(file))
    assert [each.lengths for each in again] == [each.lengths for each in arrivals]
    assert again[0].at == 0.0
    with file.open("a") as lines:
        lines.write('{"at": "noon"}\n')
    with pytest.raises(BadRecording, match=f"line {len(arrivals) + 1}"):
        recorded(file)


def test_fair_shares_and_jain_are_those_of_the_textbook() -> None:
    assert measure.fair_shares([2.0, 2.6, 4.0, 5.0], 10.0) == pytest.approx([2.0, 2.6, 2.7, 2.7])
    assert measure.jain([1.0, 1.0, 1.0]) == pytest.approx(1.0)
    assert measure.jain([3.0, 0.0, 0.0]) == pytest.approx(1 / 3)


def test_old_reports_make_a_herd_of_those_who_take_the_least_but_not_of_the_better_of_two() -> None:
    herd, ours, chance = (
        simulate_cells(choice, cells=30, requests=4_000)
        for choice in ("least, as reported", "better of two (ours)", "random")
    )
    assert ours.p99_s < chance.p99_s < herd.p99_s


def test_the_command_prints_a_table_and_json_and_draws(tmp_path: Path) -> None:
    arguments = ["bench", "simulate", "--duration", "5", "--load", "0.2", "--policy", "ours"]
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code == 0, shown.output
    assert "goodput at the objectives" in shown.output
    drawn = CliRunner().invoke(main, [*arguments, "--json", "--plots", str(tmp_path)])
    assert json.loads(drawn.stdout)[0]["classes"]["interactive"]["offered"] > 0
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"attainment.svg", "latency.svg", "fairness.svg"}
    refused = CliRunner().invoke(main, ["bench", "simulate", "--policy", "best"])
    assert refused.exit_code == 1
    assert "There is no policy 'best'" in refused.output
