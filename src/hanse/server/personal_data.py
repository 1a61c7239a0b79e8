"""What all systems hold about people."""

from typing import Final

from hanse import identity, language

HOLDINGS: Final = (*identity.holdings, *language.holdings)
