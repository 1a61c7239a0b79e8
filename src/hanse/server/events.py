"""All that Hanse announces: the events of every system, in one catalogue."""

from hanse import identity, inference, language
from hanse.platform.catalogue import Catalogue


def event_catalogue() -> Catalogue:
    """Return the types of events that others may follow."""
    return Catalogue(
        (*identity.event_examples, *inference.event_examples, *language.event_examples)
    )
