"""The cache of results against a plain dictionary."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from hanse.inference.cache import Key, ResultCache

HERE, THERE = uuid4().bytes, uuid4().bytes


def key(organisation: bytes = HERE, model_hash: str = "h", text: str = "text") -> Key:
    return (organisation, model_hash, text)


def test_a_result_comes_back_for_its_organisation_model_and_text_alone() -> None:
    cache = ResultCache(100_000)
    cache.put(key(), "result")
    assert cache.get(key()) == "result"
    assert cache.get(key(organisation=THERE)) is None
    assert cache.get(key(model_hash="other")) is None
    assert cache.get(key(text="Text")) is None


def test_what_was_unused_for_longest_goes_first() -> None:
    cache = ResultCache(100_000)
    cache.put(key(text="kept"), "kept")
    for number in range(1000):
        assert cache.get(key(text="kept")) == "kept"
        cache.put(key(text=str(number)), "x")
    assert cache.get(key(text="0")) is None
    assert cache.get(key(text="999")) == "x"


def test_a_result_that_would_drive_out_many_others_is_not_kept() -> None:
    cache = ResultCache(100_000)
    cache.put(key(), "x" * 2_000)
    assert cache.get(key()) is None
    assert len(cache) == 0


def test_no_bytes_means_no_cache() -> None:
    cache = ResultCache(0)
    cache.put(key(), "")
    assert cache.get(key()) is None


@given(
    st.lists(
        st.tuples(st.sampled_from([HERE, THERE]), st.text(max_size=3), st.text(max_size=40)),
        max_size=300,
    )
)
def test_it_never_answers_wrongly_nor_outgrows_its_bytes(
    puts: list[tuple[bytes, str, str]],
) -> None:
    cache = ResultCache(70_000)
    truth: dict[Key, str] = {}
    for organisation, text, result in puts:
        this = key(organisation=organisation, text=text)
        known = cache.get(this)
        assert known is None or known == truth[this]
        cache.put(this, result)
        truth[this] = result
        assert cache.get(this) == result
        assert cache.bytes <= cache.bytes_max
    assert len(cache) <= len(truth)


def test_bytes_count_by_their_length() -> None:
    cache = ResultCache(100_000)
    for number in range(1000):
        cache.put(key(text=str(number)), b"x" * 500)
    assert cache.get(key(text="999")) == b"x" * 500
    assert cache.bytes <= 100_000
    assert 100 < len(cache) < 150
