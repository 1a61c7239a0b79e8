"""Identifiers sort by the time they were made, also within a millisecond."""

import time

from hanse.platform.ids import new_id


def test_ids_are_version_7_and_tell_the_time() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_ids_of_one_process_stand_in_the_order_in_which_they_were_made() -> None:
    made = []
    for _ in range(200):
        made.append(new_id())
        end = time.time_ns() + 1_000
        while time.time_ns() < end:
            pass
    assert made == sorted(made)
    assert len(set(made)) == len(made)
