"""Routes of cards, which programs post."""

from typing import Annotated
from uuid import UUID

from litestar import Response, post
from msgspec import Meta, Struct

from hanse.chat.api.common import Chat, errors
from hanse.chat.log.cards import VALUE_CHARACTERS_MAX
from hanse.chat.log.model import Appended
from hanse.chat.log.rules import KEY_CHARACTERS_MAX, NoSuchMessage
from hanse.chat.places import NUMBER_MAX
from hanse.chat.programs import presses
from hanse.identity import Access
from hanse.platform.database import Db


class NewPress(Struct, forbid_unknown_fields=True):
    """A button of a card, and what the fields of its form say.

    `client_key` is chosen anew for each press; the same one again gets the number of the first.
    """

    client_key: Annotated[
        str, Meta(min_length=1, max_length=KEY_CHARACTERS_MAX, pattern=r"\A[^\x00-\x1f\x7f]+\Z")
    ]
    button: Annotated[str, Meta(max_length=64)]
    values: Annotated[
        dict[
            Annotated[str, Meta(max_length=64)],
            Annotated[str, Meta(max_length=VALUE_CHARACTERS_MAX)],
        ],
        Meta(max_length=20),
    ] = {}
    device: Annotated[
        str, Meta(min_length=1, max_length=KEY_CHARACTERS_MAX, pattern=r"\A[^\x00-\x1f\x7f]+\Z")
    ] = "default"


@post(
    "/rooms/{room_id:uuid}/messages/{number:int}/presses",
    operation_id="pressButton",
    summary="Press a button of a card",
    tags=["Programs"],
    responses=errors(400, 409),
)
async def press_button(
    access: Access, db: Db, chat: Chat, room_id: UUID, number: int, data: NewPress
) -> Response[Appended]:
    """Press a button with what the form says; it is an event of the log: 201, 200 for a repeat."""
    if not 0 < number <= NUMBER_MAX:
        raise NoSuchMessage("There is no message of such a number.")
    async with db.tx(access.organisation_id, access.person_id) as tx:
        appended, events = await presses.press(
            tx,
            access,
            room_id,
            number,
            device=data.device,
            client_key=data.client_key,
            button=data.button,
            values=data.values,
        )
    await chat.ring(access.organisation_id, events)
    return Response(appended, status_code=200 if appended.is_repeat else 201)


handlers = [press_button]
