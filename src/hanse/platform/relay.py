"""The relay: publishes the outbox to the stream of events, in order and at least once.

Its cursor is the `(xid, seq)` of the last event that NATS has acknowledged as stored; it moves only
after that, so a relay that is killed publishes its last batch again and loses nothing. It reads no
further than `pg_snapshot_xmin`: behind that every transaction has ended, so none can still commit
an event behind the cursor. A transaction that stays open holds the events back; it loses none.
"""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from nats.js.api import Header, StreamInfo
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError
from prometheus_client import Counter, Gauge

from hanse.platform.bus import (
    STREAM,
    STREAM_MAX_AGE_S,
    Bus,
    Envelope,
    StreamLimits,
    connect_bus,
    subject,
)
from hanse.platform.database import Db, Tx
from hanse.platform.telemetry import log
from hanse.platform.waiting import Backoff, passed

OUTBOX_KEEP = timedelta(seconds=STREAM_MAX_AGE_S)
"""How long a relayed event stays in the outbox, from where a lost stream is filled again."""

PURGE_ROWS_MAX = 10_000
LAG_ROWS_MAX = 100_000
_CURSOR = "events"
_WRONG_LAST_MESSAGE = 10070  # JetStream's error code for Nats-Expected-Last-Msg-Id

_relayed = Counter("hanse_events_relayed_total", "Events published to the stream.")
_lag_rows = Gauge(
    "hanse_outbox_lag_events",
    f"Events waiting in the outbox (at most {LAG_ROWS_MAX} are counted).",
    multiprocess_mode="livemostrecent",
)
_lag_seconds = Gauge(
    "hanse_outbox_lag_seconds",
    "Age of the oldest event waiting in the outbox.",
    multiprocess_mode="livemostrecent",
)

# In this and the next ones, scalar subqueries and the order make PostgreSQL enter the index at the
# cursor. Joined to the cursor's table it reads the whole outbox.
_WAITING_SQL = """
select true from platform.outbox
where (xid, seq) > (
        (select last_xid from platform.relay_cursors where name = $1),
        (select last_seq from platform.relay_cursors where name = $1)
    ) and xid < pg_snapshot_xmin(pg_current_snapshot())
order by xid, seq limit 1
"""

_LOCK_SQL = """
select last_xid, last_seq, cluster_id, stream_created_at, stream_seq,
    (select system_identifier from pg_control_system()) as this_cluster
from platform.relay_cursors where name = $1 for update skip locked
"""

_BATCH_SQL = """
select xid, seq, id, organisation_id, type, payload::text as data, traceparent, created_at
from platform.outbox
where (xid, seq) > ($1, $2) and xid < pg_snapshot_xmin(pg_current_snapshot())
order by xid, seq
limit $3
"""

_MOVE_SQL = """
update platform.relay_cursors
set last_xid = $2, last_seq = $3, stream_seq = $4, moved_at = clock_timestamp()
where name = $1
"""

_SETTLE_SQL = """
update platform.relay_cursors
set last_xid = $2, last_seq = $3, cluster_id = $4, stream_created_at = $5, stream_seq = $6
where name = $1
"""

_PLACE_SQL = "select xid, seq from platform.outbox where id = $1"

_LAG_SQL = """
select count(*) as events, coalesce(extract(epoch from now() - min(created_at)), 0) as seconds
from (
    select created_at from platform.outbox
    where (xid, seq) > (
        (select last_xid from platform.relay_cursors where name = $1),
        (select last_seq from platform.relay_cursors where name = $1)
    )
    order by xid, seq limit $2
) as waiting
"""

# The oldest rows are looked at first and the age after that: a run costs no more than its limit.
_PURGE_SQL = """
with oldest as materialized (
    select xid, seq, created_at from platform.outbox
    where (xid, seq) <= (
        (select last_xid from platform.relay_cursors where name = $1),
        (select last_seq from platform.relay_cursors where name = $1)
    )
    order by xid, seq limit $2
)
delete from platform.outbox o using oldest
where (o.xid, o.seq) = (oldest.xid, oldest.seq) and oldest.created_at < now() - $3::interval
"""


class RelayLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How the relay goes about it; all times in seconds.

    An event waits for being seen up to `poll_first_s` in busy times and up to `poll_max_s` in idle
    ones; a second relay waits `standby_poll_s` before it looks whether the first has gone.
    """

    batch: int = 500
    poll_first_s: float = 0.1
    poll_max_s: float = 0.2
    standby_poll_s: float = 0.5
    ack_timeout_s: float = 10.0
    retry_first_s: float = 0.2
    retry_max_s: float = 5.0
    lag_every_s: float = 5.0


async def run_relay(
    database_url: str,
    nats_url: str,
    stop: asyncio.Event,
    *,
    limits: RelayLimits | None = None,
    stream_limits: StreamLimits | None = None,
) -> None:
    """Relay events until `stop` is set; connect as `hanse_relay`.

    Any number may run: one works, the others stand by. Whatever fails - PostgreSQL, NATS, the
    schema not there yet - is tried again with a growing pause, for ever.
    """
    limits = limits or RelayLimits()
    backoff = Backoff(limits.retry_first_s, limits.retry_max_s)
    while not stop.is_set():
        try:
            await _relay(
                database_url, nats_url, stop, limits, stream_limits or StreamLimits(), backoff
            )
        except Exception as error:  # the edge of the process: nothing may end the relay
            pause_s = backoff.next_s()
            log.warning("relay_interrupted", error=repr(error), retry_in_s=round(pause_s, 2))
            await passed(stop, pause_s)


async def purge_outbox(tx: Tx, *, keep: timedelta = OUTBOX_KEEP) -> int:
    """Delete up to PURGE_ROWS_MAX relayed events older than `keep`; return how many.

    Needs a system transaction of `hanse_jobs`.
    """
    tag = await tx.execute(_PURGE_SQL, _CURSOR, PURGE_ROWS_MAX, keep)
    return int(tag.split()[-1])


async def _relay(
    database_url: str,
    nats_url: str,
    stop: asyncio.Event,
    limits: RelayLimits,
    stream_limits: StreamLimits,
    backoff: Backoff,
) -> None:
    """One life of the relay: connect, settle the cursor, work until stopped or broken."""
    db = await Db.open(database_url, size_max=2, application_name="hanse-relay")
    bus = await connect_bus(nats_url, name="hanse-relay")
    try:
        await _settle(db, bus.jetstream, await bus.ensure_stream(stream_limits))
        idle = Backoff(limits.poll_first_s, limits.poll_max_s)
        lag_due_s = 0.0
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            if loop.time() >= lag_due_s:
                await _measure_lag(db)
                lag_due_s = loop.time() + limits.lag_every_s
            relayed = await _relay_batch(db, bus, limits)
            backoff.reset()
            if relayed:
                idle.reset()
            if relayed is None:
                await passed(stop, limits.standby_poll_s)
            elif relayed < limits.batch:
                await passed(stop, idle.next_s())
    finally:
        await bus.close()
        await db.close()


async def _relay_batch(db: Db, bus: Bus, limits: RelayLimits) -> int | None:
    """Publish the next batch; return how many events it had, None when another relay is at it."""
    # Looking without the lock first: locking a row writes to the log and takes a transaction id.
    async with db.system_tx() as tx:
        if not await tx.fetchval(_WAITING_SQL, _CURSOR):
            return 0
    # A cursor that a crash takes back is moved again: what it passed is published twice.
    async with db.system_tx(durable=False) as tx:
        cursor = await tx.fetchrow(_LOCK_SQL, _CURSOR)
        if cursor is None:
            return None
        rows = await tx.fetch(_BATCH_SQL, cursor["last_xid"], cursor["last_seq"], limits.batch)
        if not rows:  # another relay was faster
            return 0
        async with asyncio.timeout(limits.ack_timeout_s):
            stream_seq = await _publish(bus.jetstream, rows, cursor["stream_seq"])
        await tx.execute(_MOVE_SQL, _CURSOR, rows[-1]["xid"], rows[-1]["seq"], stream_seq)
    _relayed.inc(len(rows))
    return len(rows)


async def _publish(jetstream: JetStreamContext, rows: list[Any], stream_seq: int) -> int:
    """Publish the rows in order; return the highest sequence in the stream.

    All are in flight at once. Each expects its predecessor to be the stream's last message, so one
    that is refused holds up those after it instead of being overtaken. The first expects the
    stream to end at `stream_seq`: a server that has lost its end, and that the client has found
    again by itself, raises APIError instead of going on with a gap.
    """
    # Tasks start in the order of their making and the client writes before it waits. (Its
    # publish_async never completes a publication that the server refuses.)
    expected = [
        {Header.EXPECTED_LAST_SEQUENCE.value: str(stream_seq)},
        *({Header.EXPECTED_LAST_MSG_ID.value: str(row["id"])} for row in rows[:-1]),
    ]
    sending = [
        asyncio.create_task(_publish_one(jetstream, row, expects))
        for row, expects in zip(rows, expected, strict=True)
    ]
    try:
        return max(await asyncio.gather(*sending))
    except APIError as error:
        if error.err_code != _WRONG_LAST_MESSAGE:
            raise
    finally:
        for task in sending:
            task.cancel()
    # The expectation fails when NATS remembers only some of a repeated batch. One by one is slower
    # and in order whatever it remembers.
    log.info("relay_one_by_one", events=len(rows))
    return max([await _publish_one(jetstream, row, {}) for row in rows])


async def _publish_one(jetstream: JetStreamContext, row: Any, expects: dict[str, str]) -> int:
    target = subject(row["organisation_id"], row["type"])
    headers = {Header.MSG_ID.value: str(row["id"]), Header.EXPECTED_STREAM.value: STREAM, **expects}
    ack = await jetstream.publish(target, _message(row), headers=headers)
    return ack.seq


def _message(row: Any) -> bytes:
    return msgspec.json.encode(
        Envelope(
            id=row["id"],
            type=row["type"],
            organisation_id=row["organisation_id"],
            created_at=row["created_at"],
            traceparent=row["traceparent"],
            data=msgspec.Raw(row["data"].encode()),
        )
    )


async def _settle(db: Db, jetstream: JetStreamContext, stream: StreamInfo) -> None:
    """Make the cursor fit this cluster and this stream, or start it again from the beginning.

    Starting again publishes all that the outbox still has; consumers skip what they have applied.
    A stream that lost its end in a power cut is filled from there.
    """
    async with db.system_tx() as tx:
        cursor = await tx.fetchrow(_LOCK_SQL, _CURSOR)
        if cursor is None:  # the active relay has settled it
            return
        place = (cursor["last_xid"], cursor["last_seq"])
        stream_seq = stream.state.last_seq
        if cursor["cluster_id"] not in {None, cursor["this_cluster"]}:
            # A dump restored elsewhere: the transaction ids in it are those of the old cluster.
            log.warning("relay_restarts", reason="another PostgreSQL cluster")
            await tx.execute("update platform.outbox set xid = pg_current_xact_id()")
            place = (0, 0)
        elif cursor["stream_created_at"] not in {None, stream.created}:
            log.warning("relay_restarts", reason="the stream has lost events")
            place = (0, 0)
        elif stream_seq < cursor["stream_seq"]:
            log.warning("relay_goes_back", events=cursor["stream_seq"] - stream_seq)
            place = await _end_of(tx, jetstream, stream_seq)
        await tx.execute(
            _SETTLE_SQL,
            _CURSOR,
            *place,
            cursor["this_cluster"],
            stream.created,
            stream_seq,
        )


async def _end_of(tx: Tx, jetstream: JetStreamContext, stream_seq: int) -> tuple[int, int]:
    """Return the place of the last event that the stream has; the beginning if it has none."""
    if stream_seq == 0:
        return 0, 0
    try:
        message = await jetstream.get_msg(STREAM, stream_seq)
    except NotFoundError:  # the last one was too old to be kept
        return 0, 0
    event_id = (message.headers or {}).get(Header.MSG_ID.value)
    row = await tx.fetchrow(_PLACE_SQL, UUID(event_id)) if event_id else None
    return (row["xid"], row["seq"]) if row is not None else (0, 0)


async def _measure_lag(db: Db) -> None:
    async with db.system_tx() as tx:
        lag = await tx.fetchrow(_LAG_SQL, _CURSOR, LAG_ROWS_MAX)
    assert lag is not None
    _lag_rows.set(lag["events"])
    _lag_seconds.set(lag["seconds"])
