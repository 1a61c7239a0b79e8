"""At most one scheduler of a cell is active, whatever the network does."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.inference.election import LEASE_S, MARGIN_S, CellEntry, Lease


class Store:
    """One entry that is written on the revision that the writer names, or not at all."""

    def __init__(self) -> None:
        self.entry: CellEntry | None = None
        self.revision = 0

    def write(self, entry: CellEntry, last: int) -> int | None:
        if last != self.revision:
            return None
        self.entry, self.revision = entry, self.revision + 1
        return self.revision


class Host:
    """A scheduler with a clock of its own, and at most one request under way."""

    def __init__(self, name: str, store: Store, offset_s: float, rate: float) -> None:
        self.name, self.store, self.offset_s, self.rate = name, store, offset_s, rate
        self.lease = Lease(name)

    def clock(self, time: float) -> float:
        return self.offset_s + time * self.rate

    def exchange(self, sent: float, there: float, back: float, *, lost: bool) -> None:
        """Read or write; the store acts at `there`, the answer comes at `back` or never."""
        asked_at = self.clock(sent)
        last = self.lease.claimable(asked_at)
        if last is None:
            entry, revision = self.store.entry, self.store.revision
            if not lost:
                self.lease.saw(entry, revision, self.clock(back))
            return
        won = self.store.write(CellEntry(self.name, "tls://h:1"), last)
        if lost:
            return
        if won is None:
            self.lease.overtaken()
        else:
            self.lease.won(won, asked_at)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.floats(0, 2),  # pause before
        st.floats(0, 1.5),  # way there
        st.floats(0, 1.5),  # way back
        st.booleans(),
    ),
    max_size=60,
)


@settings(max_examples=200)
@given(STEPS, st.lists(st.floats(-1e5, 1e5), min_size=3, max_size=3))
def test_two_are_never_active_at_once_whatever_is_lost_or_late(
    steps: list[tuple[int, float, float, float, bool]], offsets: list[float]
) -> None:
    store = Store()
    rates = (1.0, 1.02, 0.98)
    hosts = [
        Host(str(number), store, offset, rate)
        for number, (offset, rate) in enumerate(zip(offsets, rates, strict=True))
    ]
    time = 0.0
    for number, pause, there, back, lost in steps:
        time += pause
        sent = time
        hosts[number].exchange(sent, sent + there, sent + there + back, lost=lost)
        time += there + back
        active = [host.name for host in hosts if host.lease.is_active(host.clock(time))]
        assert len(active) <= 1, active


def test_a_standby_claims_only_after_the_whole_lease_and_the_holder_stops_before_that() -> None:
    holder, standby = Lease("a"), Lease("b")
    holder.saw(None, 0, 10.0)
    assert holder.claimable(10.0) == 0
    holder.won(1, 10.0)
    standby.saw(CellEntry("a", "tls://h:1"), 1, 10.0)
    assert holder.is_active(10.0 + LEASE_S - MARGIN_S - 0.01)
    assert not holder.is_active(10.0 + LEASE_S - MARGIN_S)
    assert standby.claimable(10.0 + LEASE_S - 0.01) is None
    assert standby.claimable(10.0 + LEASE_S) == 1


def test_a_renewal_that_the_standby_sees_starts_its_wait_anew() -> None:
    standby = Lease("b")
    standby.saw(CellEntry("a", "tls://h:1"), 1, 0.0)
    standby.saw(CellEntry("a", "tls://h:1"), 2, 2.9)
    assert standby.claimable(2.9 + LEASE_S - 0.01) is None


def test_a_released_entry_is_claimed_at_once() -> None:
    standby = Lease("b")
    standby.saw(CellEntry("a", "tls://h:1", released=True), 7, 0.0)
    assert standby.claimable(0.0) == 7


def test_a_holder_that_sees_anothers_entry_stops_at_once() -> None:
    lease = Lease("a")
    lease.won(1, 0.0)
    lease.saw(CellEntry("b", "tls://h:2"), 2, 0.1)
    assert not lease.is_active(0.1)


def test_a_write_whose_answer_was_lost_is_recognised_as_our_own() -> None:
    lease = Lease("a")
    lease.saw(None, 0, 0.0)
    lease.saw(CellEntry("a", "tls://h:1"), 1, 0.5)
    assert not lease.is_active(0.5)
    assert lease.claimable(0.5) == 1
