"""Keeps the processes of one machine running: start order, readiness, restarts, graceful end.

How the composition root uses it::

    with home_lock(settings.home) as lock:
        wait_s = LEFTOVER_WAIT_S if lock.after_crash else 0.0
        postgres = PostgresServer.prepare(settings.home, settings.postgres_user)
        nats = NatsServer.prepare(settings.home)
        with bind(settings.host, settings.port, wait_s=wait_s) as listener:
            supervisor = Supervisor(
                [
                    Child(postgres.process()),
                    Child(nats.process()),
                    Child(inference),  # a ProcessSpec; needs neither, so it loads meanwhile
                    Step("migrations", migrate_all, needs=("postgres",)),
                    Child(web, needs=("migrations", "nats", "inference")),
                    Step("announcement", say_where_to_go, needs=("web",)),
                ],
                on_exit=forget_metrics,  # (name, pid) of every child that ended
            )
            asyncio.run(supervisor.run_until_signalled())

Everything whose needs are up starts at once; the end comes in reverse. `web` holds the listener
by `pass_fds=(listener.fileno(),)`, so that connections wait in its queue while web restarts.
"""

from hanse.server.supervisor.claims import LEFTOVER_WAIT_S, HomeLock, bind, home_lock
from hanse.server.supervisor.restarts import after_exit
from hanse.server.supervisor.runner import StartFailed
from hanse.server.supervisor.tree import Child, ChildStatus, Step, Supervisor, stop_on_signals

__all__ = [
    "LEFTOVER_WAIT_S",
    "Child",
    "ChildStatus",
    "HomeLock",
    "StartFailed",
    "Step",
    "Supervisor",
    "after_exit",
    "bind",
    "home_lock",
    "stop_on_signals",
]
