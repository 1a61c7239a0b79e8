"""Whether a program makes the same of a room every time. Pure but for the sandbox."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from uuid import UUID

from msgspec import Struct

from hanse.chat.programs.delivery import Begins, steps_of
from hanse.chat.programs.effects import Rights
from hanse.chat.programs.events import Event
from hanse.chat.programs.guests import Language
from hanse.chat.programs.reduction import Reduction, Snapshot, Step
from hanse.chat.programs.sandbox import Program


def events_of(events: Sequence[Event], program_id: UUID) -> list[Event]:
    """Return what a program of a recorded room was given since it began with its initial state.

    Not what came while it stood still. Whatever its version was: it is fed to one source.
    """
    found: list[Event] = []
    runs = False
    for step in steps_of(events, program_id):
        if isinstance(step, Begins):
            runs = step.version is not None
            if step.is_reset:
                found = []
        elif runs:
            found.append(step.event)
    return found


def replay_of_room(
    versions: Mapping[int, str],
    events: Sequence[Event],
    program_id: UUID,
    rights: Rights,
    languages: Mapping[int, Language] | None = None,
) -> Iterator[Step]:
    """Feed a room's log to a program of it as it was fed, each version for as long as it ran.

    Yields what came of each event; versions without a language are JavaScript. Raises ProgramFault
    if a version cannot be loaded, KeyError if it is missing.
    """
    with ExitStack() as loaded:
        programs = {
            number: loaded.enter_context(
                Program(source, (languages or {}).get(number, Language.JAVASCRIPT))
            )
            for number, source in versions.items()
        }
        reduction: Reduction | None = None
        runs = False
        for step in steps_of(events, program_id):
            if isinstance(step, Begins):
                snapshot = reduction.snapshot if reduction and not step.is_reset else None
                runs = step.version is not None
                if step.version is not None:
                    program = programs[step.version]
                    reduction = Reduction(program, step.room_id.bytes, rights, snapshot)
            elif reduction is not None and runs:
                yield reduction.feed(step.event)


class Difference(Struct, frozen=True):
    """The first event of which two runs did not make the same; `what` names fields of Step."""

    number: int
    run: str
    what: tuple[str, ...]


def run(
    source: str,
    events: Sequence[Event],
    rights: Rights,
    language: Language = Language.JAVASCRIPT,
) -> Iterator[tuple[Step, Snapshot]]:
    """Feed events to a fresh program, and yield what came of each.

    The id of the room stands in for its seed. Raises ProgramFault if the program cannot be
    loaded, and ValueError if the events are not in order.
    """
    yield from _run(source, events, rights, language, None)


def replay(
    source: str,
    events: Sequence[Event],
    rights: Rights,
    language: Language = Language.JAVASCRIPT,
) -> Difference | None:
    """Run a program twice from the start and once from a snapshot in the middle, and compare.

    Returns the first difference. Raises as `run` does.
    """
    made = list(_run(source, events, rights, language, None))
    steps = [step for step, _ in made]
    again = (step for step, _ in _run(source, events, rights, language, None))
    if difference := first_difference("from the start", steps, again):
        return difference
    middle = len(events) // 2
    if not middle:
        return None
    start = made[middle - 1][1]
    resumed = (step for step, _ in _run(source, events[middle:], rights, language, start))
    return first_difference(f"from event {steps[middle - 1].number}", steps[middle:], resumed)


def first_difference(run: str, steps: Sequence[Step], others: Iterator[Step]) -> Difference | None:
    """Return where the steps of a run, named so, differ from those of another; times may."""
    for step, other in zip(steps, others, strict=True):
        compared = ("state_hash", "effects", "fuel", "fault")
        if what := tuple(name for name in compared if getattr(step, name) != getattr(other, name)):
            return Difference(step.number, run, what)
    return None


def _run(
    source: str,
    events: Sequence[Event],
    rights: Rights,
    language: Language,
    start: Snapshot | None,
) -> Iterator[tuple[Step, Snapshot]]:
    with Program(source, language) as program:
        room_seed = events[0].room_id.bytes if events else b""
        reduction = Reduction(program, room_seed, rights, start)
        for event in events:
            yield reduction.feed(event), reduction.snapshot
