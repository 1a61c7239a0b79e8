"""What all systems hold about people."""

from typing import Final

from hanse import chat, identity, language

HOLDINGS: Final = (*identity.holdings, *language.holdings, *chat.holdings)
