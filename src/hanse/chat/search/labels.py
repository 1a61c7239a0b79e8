"""What messages are found by besides their words, as words that no text has. Pure."""

from hashlib import sha256
from uuid import UUID

from hanse.chat.log.fold import Message

TO_ALL = "@a"
TOPIC = "@t"
"""What the label of any topic begins with."""


def of_organisation(id: UUID) -> str:
    """Label what belongs to an organisation."""
    return f"@o{id.hex}"


def of_room(id: UUID) -> str:
    """Label what was said in a room."""
    return f"@r{id.hex}"


def of_topic(topic: str) -> str:
    """Label what stands in a topic."""
    return f"{TOPIC}{sha256(topic.encode()).hexdigest()[:32]}"


def of_sender(id: UUID) -> str:
    """Label what somebody sent."""
    return f"@s{id.hex}"


def of_mention(id: UUID) -> str:
    """Label what mentions somebody."""
    return f"@m{id.hex}"


def labels_of(organisation_id: UUID, room_id: UUID, message: Message) -> list[str]:
    """Return the labels of a message."""
    return [
        of_organisation(organisation_id),
        of_room(room_id),
        of_sender(message.sender_id),
        *([of_topic(message.topic)] if message.topic else []),
        *([TO_ALL] if message.to_all else []),
        *(of_mention(each) for each in dict.fromkeys(message.mentions)),
    ]
