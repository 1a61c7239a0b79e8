"""The process that runs programs, apart from everything: `python -m hanse.chat.programs.runner FD`.

It has no address, no password and no file; it is given source, state and events over a descriptor,
and answers what came of them. Whoever started it may kill it at any time.
"""

import os
import socket
import sys
from collections import OrderedDict
from typing import Any, Final

from hanse.chat.programs.confinement import apart_from_network, confine
from hanse.chat.programs.guests import Language
from hanse.chat.programs.messages import (
    FRAME_BYTES_MAX,
    LENGTH,
    Answer,
    Ran,
    Ready,
    Run,
    Unknown,
    Unloadable,
    decode_run,
    encode,
)
from hanse.chat.programs.reduction import Reduction, Snapshot
from hanse.chat.programs.sandbox import Program, ProgramFault

LIVE_MAX: Final = 100
"""Programs that are ready at once, each in half a MiB; of these the idlest is suspended."""
LOADED_MAX: Final = 5_000
"""With those that are suspended, each in some 5 KB; the idlest is then loaded anew at need."""
TURN_EFFECTS_MAX: Final = 100
"""A turn ends once there are so many effects of its events."""

_WARM: Final = {
    Language.JAVASCRIPT: "export const onEvent = () => ({ state: Math.random() + Date.now() });",
    Language.LUA: "function on_event() return { state = { pcall(error) } } end",
}


class Programs:
    """The programs that are loaded, by the hash of language and source, the idlest first."""

    def __init__(self) -> None:
        self._live: OrderedDict[bytes, Program] = OrderedDict()
        self._suspended: OrderedDict[bytes, Program] = OrderedDict()

    def run(self, asked: Run) -> Answer:
        """Do what is asked."""
        program = self._live.get(asked.digest) or self._suspended.pop(asked.digest, None)
        if program is None:
            if asked.source is None:
                return Unknown()
            try:
                program = Program(asked.source, asked.language)
            except ProgramFault as found:
                return Unloadable(found.fault)
        self._live[asked.digest] = program
        self._live.move_to_end(asked.digest)
        if len(self._live) > LIVE_MAX:
            digest, idlest = self._live.popitem(last=False)
            idlest.suspend()
            self._suspended[digest] = idlest
            if len(self._suspended) > LOADED_MAX - LIVE_MAX:
                self._suspended.popitem(last=False)
        state = program.initial_state if asked.state is None else asked.state
        reduction = Reduction(program, asked.room_seed, asked.rights, Snapshot(asked.number, state))
        steps: list[Any] = []
        fuel = effects = 0
        for event in asked.events:
            step = reduction.feed(event)
            steps.append(step)
            fuel += step.fuel
            effects += len(step.effects)
            if fuel > asked.fuel_max or effects > TURN_EFFECTS_MAX or step.fault:
                break
        return Ran(steps, reduction.snapshot.state)


def main(descriptor: int) -> None:
    """Answer what comes over the descriptor until its other end is closed."""
    peer = socket.socket(fileno=descriptor)
    # Whatever is compiled, imported or looked up must be before the doors are shut.
    apart_from_network()
    for language, warm in _WARM.items():
        with Program(warm, language) as program:
            program.run(b"{}", b"null", now_ns=0, seed=bytes(16))
            program.suspend()
    programs = Programs()
    _send(peer, Ready(confine()))
    while (body := _receive(peer)) is not None:
        _send(peer, programs.run(decode_run(body)))


def _receive(peer: socket.socket) -> bytes | None:
    length = _exactly(peer, LENGTH.size)
    if length is None:
        return None
    (size,) = LENGTH.unpack(length)
    return _exactly(peer, size) if size <= FRAME_BYTES_MAX else None


def _exactly(peer: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        chunk = peer.recv(min(size - len(data), 1 << 20))
        if not chunk:
            return None
        data += chunk
    return bytes(data)


def _send(peer: socket.socket, answer: Answer) -> None:
    body = encode(answer)
    peer.sendall(LENGTH.pack(len(body)) + body)


if __name__ == "__main__":
    main(int(sys.argv[1]))
    os._exit(0)
