"""What people are told about rooms: who wrote where, never what."""

from enum import IntEnum
from typing import Final

from hanse.identity import Kind, read_texts

_TEXTS: Final = read_texts("hanse.chat.notifying")
COALESCE_S: Final = 600.0


class Reason(IntEnum):
    """Why somebody is told of a message; the lowest that applies counts."""

    DIRECT = 1
    MENTION = 2
    THREAD = 3
    MESSAGE = 4


DIRECT_MESSAGE: Final = Kind(
    name="chat.direct_message",
    texts=_TEXTS["direct_message"],
    facts=("sender",),
    coalesce_s=COALESCE_S,
)
MENTION: Final = Kind(
    name="chat.mention",
    texts=_TEXTS["mention"],
    facts=("sender", "room"),
    coalesce_s=COALESCE_S,
)
THREAD_REPLY: Final = Kind(
    name="chat.thread_reply",
    texts=_TEXTS["thread_reply"],
    facts=("sender", "room"),
    coalesce_s=COALESCE_S,
)
MESSAGE: Final = Kind(
    name="chat.message",
    texts=_TEXTS["message"],
    facts=("sender", "room"),
    coalesce_s=COALESCE_S,
)
REMINDER: Final = Kind(name="chat.reminder", texts=_TEXTS["reminder"], facts=("sender",))
REPORT: Final = Kind(
    name="chat.report", texts=_TEXTS["report"], facts=("room",), coalesce_s=COALESCE_S
)
REPORT_DECIDED: Final = Kind(
    name="chat.report_decided", texts=_TEXTS["report_decided"], facts=("room", "decision")
)
PROGRAM_STOPPED: Final = Kind(
    name="chat.program_stopped",
    texts=_TEXTS["program_stopped"],
    facts=("program", "room", "reason"),
)

BY_REASON: Final = {
    Reason.DIRECT: DIRECT_MESSAGE,
    Reason.MENTION: MENTION,
    Reason.THREAD: THREAD_REPLY,
    Reason.MESSAGE: MESSAGE,
}
KINDS: Final = (*BY_REASON.values(), REMINDER, REPORT, REPORT_DECIDED, PROGRAM_STOPPED)
