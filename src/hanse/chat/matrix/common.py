"""What the routes of Matrix share."""

from typing import Final
from urllib.parse import urlsplit

from hanse.chat.matrix.ids import Server

CLIENT: Final = "/_matrix/client/v3"
ROOM: Final = f"{CLIENT}/rooms/{{room:str}}"


def server_of(public_url: str) -> Server:
    """Return the server as Matrix's identifiers name it: by the host of its address."""
    return Server(urlsplit(public_url).netloc)
