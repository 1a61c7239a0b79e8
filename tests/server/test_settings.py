"""Settings come from a file and the environment, and nonsense stops the start."""

from pathlib import Path

import pytest

from hanse.server.settings import SettingsError, environment, load, table

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "hanse.toml").write_text('port = 9000\nhost = "::1"\n')
    settings = load({"HANSE_PORT": "9001"}, tmp_path)
    assert (settings.port, settings.host) == (9001, "::1")


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"HANSE_PRT": "1"}, "Did you mean HANSE_PORT"),
        ({"HANSE_PORT": "http"}, "HANSE_PORT"),
        ({"HANSE_PORT": "70000"}, "65535"),
        ({"HANSE_WORKERS": "-1"}, "HANSE_WORKERS"),
        ({"HANSE_PSEUDO_ENGINE": "perhaps"}, "true or false"),
        ({"HANSE_LOG_LEVEL": "loud"}, "HANSE_LOG_LEVEL"),
        ({"HANSE_DRAIN_S": "0"}, "HANSE_DRAIN_S"),
        ({"HANSE_CONFIG": "/nowhere.toml"}, "/nowhere.toml"),
    ],
)
def test_nonsense_is_refused_by_name(environ: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=words):
        load(environ, tmp_path)


@pytest.mark.parametrize("text", ['colour = "red"', "port = 'a'", "port = ", "pseudo_engine = 1"])
def test_nonsense_in_the_file_is_refused_by_the_name_of_the_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "hanse.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"hanse\.toml"):
        load({}, tmp_path)


def test_settings_survive_the_way_to_a_child(tmp_path: Path) -> None:
    settings = load({"HANSE_PSEUDO_ENGINE": "yes", "HANSE_DRAIN_S": "2.5"}, tmp_path)
    assert load(environment(settings), tmp_path) == settings


def test_a_secret_is_not_repeated_in_an_error(tmp_path: Path) -> None:
    (tmp_path / "hanse.toml").write_text("metrics_token = 12345")
    with pytest.raises(SettingsError) as error:
        load({}, tmp_path)
    assert "12345" not in str(error.value)


def test_the_documentation_lists_every_setting() -> None:
    assert table() in DOCS.read_text("utf-8"), "run: make docs"
