"""PostgreSQL and NATS as children of our own, from programs that wheels bring along.

The servers speak the protocols that a cluster speaks: whoever uses them gets a URL and cannot
tell the difference.
"""

from hanse.platform.embedded.nats import NatsServer
from hanse.platform.embedded.places import make_home
from hanse.platform.embedded.postgres import PostgresServer, embedded_url
from hanse.platform.process import SetupError

__all__ = ["NatsServer", "PostgresServer", "SetupError", "embedded_url", "make_home"]
