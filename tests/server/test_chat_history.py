"""`hanse chat import | export | index` beside a running Hanse."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.chat import porting_samples as samples
from tests.serving import HANSE, Hanse, until

EMAIL = "ana.history@example.org"


@pytest.fixture(scope="module")
def export(hanse: Hanse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of Slack, and Ana, who wrote some of it, in the organisation."""
    assert hanse.command("user", "create", EMAIL, "--name", "Ana").returncode == 0
    path = tmp_path_factory.mktemp("history") / "slack.zip"
    return samples.slack(path, EMAIL, messages=20_000)


def test_a_dry_run_an_interruption_and_a_second_run_bring_everything_in_once(
    hanse: Hanse, export: Path
) -> None:
    dry = hanse.command("chat", "import", str(export), "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "public channel\tgeneral\t20003 messages" in dry.stdout
    assert "People here, by their e-mail addresses: 1" in dry.stdout
    assert "1\tfiles that the export does not hold (links to them stay)" in dry.stdout
    assert "Nothing was written" in dry.stdout

    key = hanse.command(
        "key", "create", "reader", "--scope", "chat:read", "--scope", "chat:browse"
    ).stdout.strip()
    command = [*HANSE, "chat", "import", str(export)]
    process = subprocess.Popen(
        command, env=hanse.environment, cwd=hanse.home, stderr=subprocess.PIPE, text=True
    )
    with hanse.client(key) as client:

        def found(words: str) -> bool:
            answer = client.get("/v1/chat/search", params={"q": words})
            assert answer.status_code == 200, answer.text
            return bool(answer.json()["items"])

        def public() -> dict[str, int]:
            rooms = client.get("/v1/channels").json()["items"]
            return {each["name"]: each["head"] for each in rooms}

        until(lambda: public().get("general", 0) > 1000, 60)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "goes on from there" in said
        assert public()["general"] < 20_000

        done = hanse.command("chat", "import", str(export))
        assert done.returncode == 0, done.stderr
        assert public()["general"] == 20_010
        again = hanse.command("chat", "import", str(export))
        assert again.returncode == 0, again.stderr
        assert public()["general"] == 20_010
        # By the index of the running Hanse.
        until(lambda: found("plan") and found("1777"), 120)


def test_an_export_is_written_once_and_for_its_owner_alone(
    hanse: Hanse, export: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.zip"
    done = hanse.command("chat", "export", str(out))
    assert done.returncode == 0, done.stderr
    assert out.stat().st_mode & 0o077 == 0
    refused = hanse.command("chat", "export", str(out))
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    dry = hanse.command("chat", "import", str(out), "--dry-run")
    assert "public channel\tgeneral\t20003 messages" in dry.stdout, dry.stderr


def test_what_is_no_export_is_refused_with_a_sentence(hanse: Hanse, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    done = hanse.command("chat", "import", str(path))
    assert done.returncode == 1
    assert done.stderr.startswith("Error: This is no export of Slack")
    assert "Traceback" not in done.stderr
