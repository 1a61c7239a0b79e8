"""The waiting line of one class: fairness between organisations, slack within one."""

from itertools import count
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hanse.inference.job import Limits, ServiceClass
from hanse.inference.organisations import OrganisationShares
from hanse.inference.queues import Agenda, FairQueue, Item, group_of

ORGANISATIONS = [UUID(int=number).bytes for number in range(1, 6)]
LIMITS = Limits()
_numbers = count()


def item(
    organisation: int = 0,
    *,
    seconds: float = 0.01,
    deadline: float = 60.0,
    text: str = "",
    model: str = "en-pt",
    pads: bool = False,
) -> Item:
    text = text or f"text {next(_numbers)}"
    return Item(
        key=(ORGANISATIONS[organisation], "hash", text),
        model=model,
        text=text,
        service_class=ServiceClass.BULK,
        deadline=deadline,
        predicted_s=seconds,
        group=group_of(model, len(text), pads=pads),
        waiters={1: [0]},
    )


def queue_of(*items: Item, limits: Limits = LIMITS) -> FairQueue:
    queue = FairQueue(count(1), OrganisationShares(limits))
    for one in items:
        queue.add(one)
    return queue


def take_all(queue: FairQueue) -> list[Item]:
    taken = []
    while (one := queue.next()) is not None:
        queue.take(one)
        taken.append(one)
    return taken


def test_items_with_the_same_deadline_go_in_the_order_they_came() -> None:
    items = [item() for _ in range(20)]
    assert take_all(queue_of(*items)) == items


def test_the_item_with_the_least_slack_goes_first() -> None:
    relaxed, late, long = item(deadline=9.0), item(deadline=2.0), item(deadline=2.5, seconds=1.0)
    assert take_all(queue_of(relaxed, late, long)) == [long, late, relaxed]


def test_a_newcomer_goes_next_whatever_others_have_waiting() -> None:
    queue = queue_of(*(item(0, deadline=1.0) for _ in range(100)))
    for _ in range(30):
        first = queue.next()
        assert first is not None
        queue.take(first)
    newcomer = item(1, deadline=99.0)
    queue.add(newcomer)
    assert newcomer in [queue.next()]


def test_time_away_is_no_credit() -> None:
    queue = queue_of(item(1), *(item(0) for _ in range(200)))
    for _ in range(101):
        queue.take(queue.next() or item())
    for _ in range(100):
        queue.add(item(1))
    served = [one.organisation for one in take_all(queue)[:40]]
    assert served.count(ORGANISATIONS[0]) >= 19


def test_who_was_charged_too_little_waits_longer_next_time() -> None:
    queue = queue_of(*(item(number % 2) for number in range(40)))
    queue.charge(ORGANISATIONS[0], 0.1)
    first = [queue.next() for _ in range(1)]
    served = [one.organisation for one in take_all(queue)[:10]]
    assert first[0] is not None
    assert served.count(ORGANISATIONS[1]) == 10


@given(
    seconds=st.lists(
        st.lists(st.floats(0.001, 0.1), min_size=30, max_size=60), min_size=2, max_size=5
    )
)
def test_backlogged_organisations_never_differ_by_more_than_two_of_the_largest_items(
    seconds: list[list[float]],
) -> None:
    queue = queue_of(
        *(item(number, seconds=one) for number, costs in enumerate(seconds) for one in costs)
    )
    largest = max(max(costs) for costs in seconds)
    served = dict.fromkeys(ORGANISATIONS[: len(seconds)], 0.0)
    while all(queue.items_of(organisation) for organisation in served):
        one = queue.next()
        assert one is not None
        queue.take(one)
        served[one.organisation] += one.predicted_s
        assert max(served.values()) - min(served.values()) <= 2 * largest + 1e-9


@given(
    backlogs=st.lists(
        st.tuples(
            st.sampled_from([0.25, 0.5, 1.0, 2.0, 7.0]),
            st.lists(st.floats(0.001, 0.1), min_size=30, max_size=60),
        ),
        min_size=2,
        max_size=5,
    )
)
def test_what_backlogged_organisations_get_follows_their_weights_within_one_item_each(
    backlogs: list[tuple[float, list[float]]],
) -> None:
    weights = [weight for weight, _ in backlogs]
    queue = queue_of(
        *(item(n, seconds=one) for n, (_, costs) in enumerate(backlogs) for one in costs),
        limits=Limits(
            organisation_weights={UUID(int=n + 1): weight for n, weight in enumerate(weights)}
        ),
    )
    largest = [max(costs) / weight for weight, costs in backlogs]
    served = [0.0] * len(backlogs)
    while all(queue.items_of(organisation) for organisation in ORGANISATIONS[: len(backlogs)]):
        one = queue.next()
        assert one is not None
        queue.take(one)
        number = ORGANISATIONS.index(one.organisation)
        served[number] += one.predicted_s / weights[number]
        for left in range(len(backlogs)):
            for right in range(left):
                assert abs(served[left] - served[right]) <= largest[left] + largest[right] + 1e-9


def test_a_batch_is_filled_with_similar_lengths_where_that_matters() -> None:
    short = [item(text="x" * length, pads=True) for length in (10, 11, 12)]
    long = [item(text="x" * length, pads=True) for length in (300, 310)]
    queue = queue_of(*short, *long)
    queue.take(long[0])
    assert queue.next_like(long[0].group) is long[1]
    queue.take(long[1])
    assert queue.next_like(long[0].group) is None
    assert queue.next_like(short[0].group) is not None


def test_a_batch_is_never_filled_with_another_model() -> None:
    queue = queue_of(item(model="en-pt"), item(1, model="pt-en"), item(2, model="pt-en"))
    found = queue.next_like(("pt-en", 0))
    assert found is not None
    assert found.model == "pt-en"
    assert queue.next_like(("de-en", 0)) is None


def test_an_item_that_runs_alone_fills_no_batch() -> None:
    alone = item()
    alone.alone = True
    queue = queue_of(alone)
    assert queue.next_like(alone.group) is None
    assert queue.next() is alone


def test_the_wait_of_a_light_organisation_does_not_count_the_flood_of_another() -> None:
    queue = queue_of(*(item(0, seconds=0.01) for _ in range(1000)))
    assert queue.ahead_s(ORGANISATIONS[0], 0.01) > 9
    assert queue.ahead_s(ORGANISATIONS[1], 0.01) < 0.1


def test_organisations_that_come_and_go_are_forgotten() -> None:
    queue = queue_of(*(item(0) for _ in range(10)))
    for number in range(5_000):
        visitor = item(1)
        visitor.key = (UUID(int=100 + number).bytes, "hash", visitor.text)
        queue.add(visitor)
        queue.remove(visitor)
    assert len(queue._flows) < 500
    take_all(queue)
    assert len(queue._flows) == 0


class Subject:
    """Something that can wait in an agenda."""

    def __init__(self, token: int) -> None:
        self.token = token


@given(st.lists(st.tuples(st.sampled_from(["push", "leave", "pop"]), st.floats(0, 10))))
def test_an_agenda_gives_what_still_waits_in_order(steps: list[tuple[str, float]]) -> None:
    agenda: Agenda[Subject] = Agenda()
    tokens = count(1)
    waiting: dict[int, tuple[float, Subject]] = {}
    for step, rank in steps:
        if step == "push":
            subject = Subject(next(tokens))
            waiting[subject.token] = (rank, subject)
            agenda.push(rank, subject)
        elif step == "leave" and waiting:
            token = min(waiting)
            waiting.pop(token)[1].token = 0
        elif step == "pop":
            first = agenda.pop()
            assert (first is None) == (not waiting)
            if first is not None:
                assert waiting.pop(first.token)[0] <= min(
                    (other for other, _ in waiting.values()), default=99.0
                )
        assert (agenda.peek() is None) == (not waiting)


def test_an_agenda_does_not_keep_what_left() -> None:
    agenda: Agenda[Subject] = Agenda()
    for number in range(1, 10_000):
        subject = Subject(number)
        agenda.push(1.0, subject)
        subject.token = 0
    assert len(agenda._heap) < 200
