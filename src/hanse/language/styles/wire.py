"""What the DeepL contract says about style rules: fields in, shapes out. No I/O."""

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from hanse.language.languages import find_code
from hanse.language.styles.store import CustomInstruction, StyleRow
from hanse.language.wire import INSTRUCTION_CHARACTERS_MAX, InvalidParameter, single
from hanse.platform.ids import new_id

LABEL_CHARACTERS_MAX: Final = 100

SETTINGS: Final[dict[str, dict[str, tuple[str, ...]]]] = msgspec.json.decode(
    resources.files("hanse.language.styles").joinpath("configured_rules.json").read_bytes(),
    type=dict[str, dict[str, tuple[str, ...]]],
)
"""The options of each setting of the contract, by group and setting."""

_ALSO: Final = {
    ("style_and_tone", "formality", "formal"): "use_formal_tone",
    ("style_and_tone", "formality", "informal"): "use_casual_tone",
}
"""What the official clients' own examples send instead of the contract's names."""


class StyleRuleList(Struct):
    """A style, as the contract shows it."""

    style_id: UUID
    name: str
    creation_time: str
    updated_time: str
    language: str
    version: int
    configured_rules: dict[str, dict[str, str]] | UnsetType = UNSET
    custom_instructions: tuple[CustomInstruction, ...] | UnsetType = UNSET


class StyleRuleLists(Struct):
    """A page of styles."""

    style_rules: list[StyleRuleList]


def style_rule_list(style: StyleRow, *, is_detailed: bool = True) -> StyleRuleList:
    """Return the form of the contract."""
    # The official clients parse no time without a fraction of a second.
    created, updated = (
        each.isoformat(timespec="microseconds") for each in (style.created_at, style.updated_at)
    )
    return StyleRuleList(
        style_id=style.id,
        name=style.name,
        creation_time=created,
        updated_time=updated,
        language=style.language,
        version=style.version,
        configured_rules=style.configured_rules if is_detailed else UNSET,
        custom_instructions=style.custom_instructions if is_detailed else UNSET,
    )


def parse_configured_rules(given: Any) -> dict[str, dict[str, str]]:
    """Return options by group and setting. Raises InvalidParameter."""
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(
        isinstance(settings, dict) for settings in given.values()
    ):
        raise InvalidParameter("Parameter 'configured_rules' must be an object of objects.")
    chosen: dict[str, dict[str, str]] = {}
    for group, settings in given.items():
        if group not in SETTINGS:
            raise InvalidParameter(f"There is no group of rules '{group[:100]}'.")
        for setting, option in settings.items():
            if setting not in SETTINGS[group]:
                raise InvalidParameter(f"There is no rule '{group}.{setting[:100]}'.")
            if isinstance(option, str):
                option = _ALSO.get((group, setting, option), option)  # noqa: PLW2901
            if option not in SETTINGS[group][setting]:
                raise InvalidParameter(
                    f"Value for '{group}.{setting}' not supported. It may be "
                    f"{', '.join(SETTINGS[group][setting])}."
                )
            chosen.setdefault(group, {})[setting] = option
    return chosen


def parse_instruction(given: Any, instruction_id: UUID | None = None) -> CustomInstruction:
    """Return an instruction, a new one without `instruction_id`. Raises InvalidParameter."""
    if not isinstance(given, dict):
        raise InvalidParameter("An instruction must be an object.")
    source = single(given, "source_language")
    code = find_code(source) if source else None
    if source and code is None:
        raise InvalidParameter("Value for 'source_language' not supported.")
    return CustomInstruction(
        instruction_id or new_id(),
        _text(given, "label", LABEL_CHARACTERS_MAX),
        _text(given, "prompt", INSTRUCTION_CHARACTERS_MAX),
        code,
    )


def parse_instructions(given: Any) -> list[CustomInstruction]:
    """Return new instructions. Raises InvalidParameter."""
    if given is None:
        return []
    if not isinstance(given, list):
        raise InvalidParameter("Parameter 'custom_instructions' must be an array of objects.")
    return [parse_instruction(each) for each in given]


def _text(given: Mapping[str, Any], parameter: str, characters_max: int) -> str:
    text = single(given, parameter)
    if text is None or not text.strip():
        raise InvalidParameter(f"Parameter '{parameter}' not specified.")
    if len(text) > characters_max or "\0" in text:
        raise InvalidParameter(f"Parameter '{parameter}' has {characters_max} characters at most.")
    return text
