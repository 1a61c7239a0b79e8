"""What a program may use in a minute."""

from hypothesis import given
from hypothesis import strategies as st

from hanse.chat.programs.model import EFFECTS_PER_MINUTE, FUEL_AT_ONCE, FUEL_PER_MINUTE, Budget


def test_what_was_used_comes_back_bit_by_bit() -> None:
    budget = Budget(100.0)
    assert budget.left_fuel(100.0) == FUEL_AT_ONCE
    budget.use(100.0, FUEL_AT_ONCE + FUEL_PER_MINUTE // 2, 1)
    assert budget.left_fuel(130.0) == 0
    assert budget.left_fuel(136.0) == FUEL_PER_MINUTE // 10
    assert budget.left_fuel(1_000.0) == FUEL_AT_ONCE


def test_who_has_used_up_the_effects_waits_for_one() -> None:
    budget = Budget(0.0)
    budget.use(0.0, 1, EFFECTS_PER_MINUTE)
    assert budget.left_fuel(0.1) == 0
    assert budget.left_fuel(1.1 * 60 / EFFECTS_PER_MINUTE) > 0


@given(
    st.lists(
        st.tuples(st.floats(0, 30), st.integers(0, FUEL_PER_MINUTE // 5), st.integers(0, 20)),
        max_size=200,
    )
)
def test_nobody_uses_more_than_comes_back_and_what_is_there_at_first(
    turns: list[tuple[float, int, int]],
) -> None:
    budget = Budget(0.0)
    now, fuel, effects = 0.0, 0, 0
    for pause, uses, brings_about in turns:
        now += pause
        if budget.left_fuel(now):
            budget.use(now, uses, brings_about)
            fuel, effects = fuel + uses, effects + brings_about
    assert fuel <= FUEL_AT_ONCE + FUEL_PER_MINUTE * now / 60 + FUEL_PER_MINUTE // 5 + 1
    assert effects <= EFFECTS_PER_MINUTE * (1 + now / 60) + 20
