"""What can be done with styles: make, read, change, delete, apply. Each takes one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from hanse.language.languages import root
from hanse.language.projection import moved
from hanse.language.revising.wishes import StyleInstruction, Wishes
from hanse.language.service import TranslatedText, Translation
from hanse.language.signals import without_spans
from hanse.language.styles import rules, store
from hanse.language.styles.store import CustomInstruction, StyleRow
from hanse.language.wire import InvalidParameter
from hanse.platform.database import Tx
from hanse.platform.ids import new_id
from hanse.platform.problems import BadRequest, NotFound

STYLES_MAX: Final = 1000
"""Styles of one organisation."""
INSTRUCTIONS_MAX: Final = 200
"""Instructions of one style."""


class StyleNotFound(NotFound):
    """The organisation has no style of this id."""

    code = "style_not_found"
    title = "Style not found"


class InstructionNotFound(NotFound):
    """The style has no instruction of this id."""

    code = "instruction_not_found"
    title = "Instruction not found"


class TooManyStyles(BadRequest):
    """The organisation has as many styles as it may have."""

    code = "too_many_styles"
    title = "Too many styles"


class TooManyInstructions(BadRequest):
    """The style has as many instructions as it may have."""

    code = "too_many_instructions"
    title = "Too many instructions"


async def create(
    tx: Tx,
    name: str,
    language: str,
    configured_rules: dict[str, dict[str, str]],
    instructions: Sequence[CustomInstruction],
) -> StyleRow:
    """Make a style for a root language. Raises TooManyStyles, TooManyInstructions."""
    if await store.count(tx) >= STYLES_MAX:
        raise TooManyStyles(f"There may be {STYLES_MAX} styles. Delete one first.")
    now = datetime.now(UTC)
    style = StyleRow(
        new_id(), name, language, configured_rules, _few(instructions), 1, created_at=now,
        updated_at=now,
    )  # fmt: skip
    await store.put(tx, style)
    return style


async def get(tx: Tx, style_id: UUID, *, for_update: bool = False) -> StyleRow:
    """Return a style. Raises StyleNotFound."""
    style = await store.get(tx, style_id, for_update=for_update)
    if style is None:
        raise StyleNotFound(f"There is no style {style_id}.")
    return style


async def change(tx: Tx, style_id: UUID, **fields: Any) -> StyleRow:
    """Put other `fields` into a style, and count its version up. Raises StyleNotFound."""
    style = await get(tx, style_id, for_update=True)
    changed = msgspec.structs.replace(
        style, **fields, version=style.version + 1, updated_at=datetime.now(UTC)
    )
    await store.put(tx, changed)
    return changed


async def get_for(tx: Tx, style_id: UUID, target: str) -> StyleRow:
    """Return a style for texts in `target`. Raises StyleNotFound, InvalidParameter."""
    style = await get(tx, style_id)
    if style.language != root(target):
        raise InvalidParameter(
            f"The style is for {style.language}, and the text goes into {target}."
        )
    return style


async def delete(tx: Tx, style_id: UUID) -> None:
    """Delete a style. Raises StyleNotFound."""
    if not await store.delete(tx, style_id):
        raise StyleNotFound(f"There is no style {style_id}.")


async def add_instruction(tx: Tx, style_id: UUID, new: CustomInstruction) -> None:
    """Add an instruction. Raises StyleNotFound, TooManyInstructions."""
    style = await get(tx, style_id, for_update=True)
    await change(tx, style_id, custom_instructions=_few([*style.custom_instructions, new]))


async def get_instruction(tx: Tx, style_id: UUID, instruction_id: UUID) -> CustomInstruction:
    """Return an instruction. Raises StyleNotFound, InstructionNotFound."""
    for instruction in (await get(tx, style_id)).custom_instructions:
        if instruction.id == instruction_id:
            return instruction
    raise InstructionNotFound(f"The style has no instruction {instruction_id}.")


async def replace_instruction(
    tx: Tx, style_id: UUID, instruction_id: UUID, new: CustomInstruction | None
) -> None:
    """Put an instruction in place of another, or with None delete it.

    Raises StyleNotFound, InstructionNotFound.
    """
    style = await get(tx, style_id, for_update=True)
    await get_instruction(tx, style_id, instruction_id)
    kept = tuple(
        new if each.id == instruction_id else each
        for each in style.custom_instructions
        if each.id != instruction_id or new is not None
    )
    await change(tx, style_id, custom_instructions=kept)


def applied(style: StyleRow, translation: Translation) -> Translation:
    """Return the translation in the style, as far as this server can."""
    language = root(translation.target_language)
    texts = tuple(_applied(style, text, language) for text in translation.texts)
    return msgspec.structs.replace(translation, texts=texts)


def _applied(style: StyleRow, text: TranslatedText, language: str) -> TranslatedText:
    styled = rules.apply(style.configured_rules, text.text, language)
    if styled == text.text:
        return text
    return msgspec.structs.replace(
        text,
        text=styled,
        marks=moved(text.marks, text.text, styled),
        places=(),
        issues=tuple(map(without_spans, text.issues)),
    )


def rules_not_applied(style: StyleRow | None) -> list[str]:
    """Return which rules of a style have no effect here."""
    if style is None:
        return []
    return [f"style_rules.{rule}" for rule in rules.not_applied(style.configured_rules)]


def wishes(asked: Wishes, style: StyleRow | None) -> Wishes:
    """Return what a request wishes, with the instructions of its style."""
    if style is None:
        return asked
    return asked.and_of_style(
        [StyleInstruction(each.prompt, each.source_language) for each in style.custom_instructions]
    )


def _few(instructions: Sequence[CustomInstruction]) -> tuple[CustomInstruction, ...]:
    if len(instructions) > INSTRUCTIONS_MAX:
        raise TooManyInstructions(f"A style may have {INSTRUCTIONS_MAX} instructions.")
    return tuple(instructions)
