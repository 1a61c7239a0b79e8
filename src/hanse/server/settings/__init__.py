"""Settings: typed, from `hanse.toml` and the environment, and refused when unknown or malformed.

Each setting is one field of `Settings`; its environment variable is `HANSE_` and the name in
capitals. The environment wins over the file. `docs/settings.md` is written from it.
"""

from hanse.server.settings.derived import Settings
from hanse.server.settings.reading import FILE_NAME, SettingsError, environment, load
from hanse.server.settings.table import table

__all__ = ["FILE_NAME", "Settings", "SettingsError", "environment", "load", "table"]
