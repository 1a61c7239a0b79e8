"""Frames: whatever the peer sends, it is a message or a refusal."""

import itertools
import socket
import struct
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.inference.frames import BlockingConnection, FrameError, FrameReader, encode
from hanse.inference.job import ServiceClass
from hanse.inference.messages import AskStatus, Cancel, FromClient, Submit

MAX = 10_000


def reader(frame_bytes_max: int = MAX) -> FrameReader[FromClient]:
    return FrameReader(msgspec.msgpack.Decoder(FromClient), frame_bytes_max)


messages = st.one_of(
    st.builds(Cancel, id=st.integers(0, 2**60)),
    st.builds(AskStatus, id=st.integers(0, 2**60)),
    st.builds(
        Submit,
        id=st.integers(0, 2**60),
        organisation_id=st.uuids(),
        model=st.text(max_size=10),
        items=st.lists(st.text(max_size=30), max_size=5).map(tuple),
        service_class=st.sampled_from(ServiceClass),
        deadline_s=st.floats(0, 1e6),
    ),
)


@given(sent=st.lists(messages, max_size=10), cuts=st.lists(st.integers(0, 5_000), max_size=20))
def test_messages_arrive_whole_and_in_order_however_the_stream_is_cut(
    sent: list[FromClient], cuts: list[int]
) -> None:
    stream = b"".join(encode(message, MAX) for message in sent)
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    incoming = reader()
    received = [
        message
        for start, end in itertools.pairwise(places)
        for message in incoming.feed(stream[start:end])
    ]
    assert received == sent


@given(st.binary(max_size=400), st.booleans())
def test_arbitrary_bytes_are_refused_or_wait_for_more_but_never_crash(
    noise: bytes, framed: bool
) -> None:
    stream = struct.pack(">I", len(noise)) + noise if framed else noise
    try:
        received = reader().feed(stream)
    except FrameError:
        return
    assert all(isinstance(message, Submit | Cancel | AskStatus) for message in received)


@given(message=messages, place=st.integers(4, 10_000), byte=st.integers(0, 255))
def test_a_damaged_message_is_refused_or_still_a_message(
    message: FromClient, place: int, byte: int
) -> None:
    frame = bytearray(encode(message, MAX))
    frame[4 + (place - 4) % (len(frame) - 4)] = byte
    try:
        reader().feed(bytes(frame))
    except FrameError:
        return


def test_an_oversized_frame_is_refused_before_its_body_arrives() -> None:
    with pytest.raises(FrameError, match="announced"):
        reader(100).feed(struct.pack(">I", 101))


def test_the_largest_frame_is_taken() -> None:
    message = AskStatus(1)
    size = len(encode(message, MAX)) - 4
    assert reader(size).feed(encode(message, size)) == [message]
    with pytest.raises(FrameError, match="at most"):
        encode(message, size - 1)


def test_half_a_character_cannot_be_sent() -> None:
    message = Submit(1, uuid4(), "m", ("\ud800",), ServiceClass.BULK, 1.0)
    with pytest.raises(UnicodeEncodeError):
        encode(message, MAX)


def test_a_blocking_connection_receives_what_was_sent_and_sees_the_end() -> None:
    here, there = socket.socketpair()
    decoder = msgspec.msgpack.Decoder(FromClient)
    connection = BlockingConnection(there, decoder, frame_bytes_max=MAX)
    here.sendall(encode(Cancel(1), MAX) + encode(Cancel(2), MAX)[:3])
    assert connection.receive() == [Cancel(1)]
    here.sendall(encode(Cancel(2), MAX)[3:])
    assert connection.receive() == [Cancel(2)]
    here.close()
    assert connection.receive() is None
    connection.close()
