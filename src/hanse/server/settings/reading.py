"""Settings from `hanse.toml` and the environment, and back into an environment."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hanse.server.settings.derived import Settings
from hanse.server.settings.model import SECRET
from hanse.server.settings.table import PREFIX, kind_name

FILE_NAME = "hanse.toml"

# Read by the tools that start Hanse, not by Hanse.
_NOT_SETTINGS = frozenset({"HANSE_CONFIG", "HANSE_URL", "HANSE_API_KEY"})


class SettingsError(Exception):
    """A setting is unknown or malformed; the text names it, its source and what it should be."""


def load(environ: Mapping[str, str], directory: Path) -> Settings:
    """Read the settings from `hanse.toml` (in `directory`, or at HANSE_CONFIG) and `environ`.

    Raises SettingsError naming the first setting that is unknown or malformed.
    """
    path = Path(environ["HANSE_CONFIG"]) if "HANSE_CONFIG" in environ else directory / FILE_NAME
    known = {field.name: field for field in msgspec.structs.fields(Settings)}
    values: dict[str, Any] = {}
    if path.exists() or "HANSE_CONFIG" in environ:
        for name, value in _read(path).items():
            if name not in known:
                raise SettingsError(f"{path}: there is no setting '{name}'.{_hint(name, known)}")
            values[name] = _convert(name, value, known[name].type, f"{path}: {name}", strict=True)
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable in _NOT_SETTINGS:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in known:
            raise SettingsError(f"There is no setting {variable}.{_hint(name, known)}")
        value = environ[variable]
        values[name] = _convert(name, value, known[name].type, variable, strict=False)
    settings = Settings(**values)
    if settings.webhook_allowed_hosts:  # reading them loads an HTTP client
        try:
            _ = settings.webhook_rules  # now, not when the first role needs it
        except ValueError as error:
            raise SettingsError(f"{PREFIX}WEBHOOK_ALLOWED_HOSTS: {error}.") from error
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error


def _convert(name: str, value: Any, kind: Any, source: str, *, strict: bool) -> Any:
    if kind_name(kind) == "bool" and not strict:
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if str(value).lower() not in words:
            raise SettingsError(f"{source}: expected true or false, got '{value}'.")
        return words[str(value).lower()]
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        shown = "" if name in SECRET else f", got '{value}'"
        raise SettingsError(f"{source}: {error}{shown}.") from error


def _hint(name: str, known: Mapping[str, Any]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {PREFIX}{close[0].upper()}?" if close else ""


def environment(settings: Settings) -> dict[str, str]:
    """Return the settings as environment variables, for the processes that Hanse starts."""
    return {
        f"{PREFIX}{name.upper()}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in msgspec.structs.asdict(settings).items()
        if value != ""
    }
