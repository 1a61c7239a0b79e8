"""What deploy/ asks of Hanse exists: commands, settings, metrics, files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client import REGISTRY
from ruamel.yaml import YAML

import hanse.inference.metrics  # noqa: F401  # registers its metrics
from hanse.cli import main
from hanse.inference import Role
from hanse.server.fleet import door, tls_files
from hanse.server.settings import FILE_NAME, load

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def documents(path: Path) -> list[dict[str, Any]]:
    return [each for each in YAML(typ="safe").load_all(path) if each]


ALL = [each for path in MANIFESTS for each in documents(path)]
WORKLOADS = [each for each in ALL if each["kind"] in ("Deployment", "Job")]
SHARED: dict[str, str] = next(each["data"] for each in ALL if each["kind"] == "ConfigMap")


def containers() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for workload in WORKLOADS:
        pod = workload["spec"]["template"]["spec"]
        yield from ((workload["metadata"]["name"], pod, each) for each in pod["containers"])


def environment(container: dict[str, Any]) -> dict[str, str]:
    """The container's settings as it sees them, with an address for its pod."""
    own = {each["name"]: each.get("value", "10.0.0.9") for each in container.get("env", [])}
    expanded = {name: re.sub(r"\$\((\w+)\)", lambda m: own[m[1]], v) for name, v in own.items()}
    return SHARED | expanded


@pytest.mark.parametrize(
    ("name", "pod", "container"), list(containers()), ids=lambda each: str(each)[:16]
)
def test_a_container_runs_a_command_that_exists_with_settings_that_exist(
    name: str, pod: dict[str, Any], container: dict[str, Any], tmp_path: Path
) -> None:
    shown = CliRunner().invoke(main, [*container["args"], "--help"])
    assert shown.exit_code == 0, shown.output
    settings = load(environment(container), tmp_path / FILE_NAME)
    if "--scheduler" in container["args"]:
        opened = door(settings)
        assert opened is not None
        assert settings.inference_advertise == f"tls://10.0.0.9:{opened.address.port}"  # type: ignore[union-attr]
    mounted = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    volumes = {each["name"] for each in pod["volumes"]}
    assert set(mounted.values()) <= volumes
    if settings.inference_certificate:
        files = tls_files(settings)
        assert files is not None
        known = {f"{role.value}{end}.pem" for role in Role for end in ("", "-key")} | {"ca.pem"}
        for path in (files.certificate, files.key, files.authority):
            assert str(path.parent) in mounted
            assert path.name in known


def test_workers_are_scaled_on_a_metric_that_is_exported() -> None:
    [scaled] = [each for each in ALL if each["kind"] == "ScaledObject"]
    names = {metric.name for metric in REGISTRY.collect()}
    for trigger in scaled["spec"]["triggers"]:
        used = set(re.findall(r"hanse_\w+", trigger["metadata"]["query"]))
        assert used
        assert used <= names


def test_what_is_scaled_and_served_is_deployed() -> None:
    deployed = {each["metadata"]["name"] for each in WORKLOADS}
    for each in ALL:
        if "scaleTargetRef" in each.get("spec", {}):
            assert each["spec"]["scaleTargetRef"]["name"] in deployed
        if each["kind"] == "Service":
            labels = [
                one["spec"]["template"].get("metadata", {}).get("labels", {}) for one in WORKLOADS
            ]
            assert any(each["spec"]["selector"].items() <= label.items() for label in labels)


def test_the_scheduler_is_scraped_where_it_answers() -> None:
    scheduler = next(each for each in WORKLOADS if each["metadata"]["name"] == "hanse-scheduler")
    template = scheduler["spec"]["template"]
    port = template["metadata"]["annotations"]["prometheus.io/port"]
    told = environment(template["spec"]["containers"][0])
    assert told["HANSE_METRICS_LISTEN"] == f"0.0.0.0:{port}"
    assert scheduler["spec"]["replicas"] == 2


def test_the_production_settings_are_settings(tmp_path: Path) -> None:
    lines = (DEPLOY / "production.env").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert load(values, tmp_path).inference_cells == "main"


def test_the_image_copies_only_what_is_there_and_starts_a_command_that_exists() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    root = DEPLOY.parent
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for name in line.split():
            assert (root / name).exists(), name
    settings = dict(re.findall(r"(HANSE_\w+)=(\S+)", text))
    load(settings, root / "nowhere")
    assert '["hanse"]' in text
