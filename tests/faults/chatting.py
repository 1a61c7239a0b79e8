"""People who chat while processes are killed, and who write down what they were told."""

import asyncio
import random
from contextlib import suppress
from typing import Any

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.serving import Hanse

PAUSE_S = 0.1
SILENCE_S = 6.0
"""A client that hears nothing for so long, although it asks, opens a new socket."""


class Place:
    """Where Hanse is: another process, at another address, after all of it was killed."""

    def __init__(self, hanse: Hanse) -> None:
        self.hanse = hanse


class Chatter:
    """One device: sends until it is told the number, and follows its room on a socket.

    `acknowledged` has the number that each client key was told; `received` all events in the order
    in which they came.
    """

    def __init__(self, place: Place, key: str, room: str, device: str) -> None:
        self.place = place
        self.room = room
        self.device = device
        self.acknowledged: dict[str, int] = {}
        self.received: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.sockets = 0
        self._key = key
        self._dice = random.Random(device)

    @property
    def last(self) -> int:
        """The last number that it has."""
        return self.received[-1]["number"] if self.received else 0

    async def write(self, stop: asyncio.Event) -> None:
        """Send messages one after the other, each until it is acknowledged."""
        async with httpx.AsyncClient(timeout=10) as web:
            count = 0
            while not stop.is_set():
                count += 1
                await self._send(web, f"{count}")
                await asyncio.sleep(self._dice.uniform(0, 2 * PAUSE_S))

    async def _send(self, web: httpx.AsyncClient, client_key: str) -> None:
        event = {"client_key": client_key, "device": self.device, "text": f"{self.device} says it"}
        while True:
            url = f"{self.place.hanse.url}/v1/rooms/{self.room}/events"
            try:
                answer = await web.post(url, json=event, headers=self._headers)
            except httpx.HTTPError:
                await asyncio.sleep(PAUSE_S)
                continue
            if answer.status_code in (200, 201):
                self.acknowledged[client_key] = answer.json()["number"]
                return
            if answer.status_code not in (502, 503):
                self.refused.append(answer.text)
                return
            await asyncio.sleep(PAUSE_S)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}"}

    async def follow(self) -> None:
        """Hold a socket for ever, and go on with the last number on a new one when it breaks."""
        async with httpx.AsyncClient(timeout=10) as web:
            while True:
                with suppress(httpx.HTTPError, OSError, WebSocketException, TimeoutError, KeyError):
                    await self._listen(web)
                await asyncio.sleep(PAUSE_S)

    async def _listen(self, web: httpx.AsyncClient) -> None:
        url = f"{self.place.hanse.url}/v1/chat/tickets"
        ticket = (await web.post(url, headers=self._headers)).json()
        async with connect(ticket["url"], open_timeout=5, ping_interval=None) as wire:
            self.sockets += 1
            await wire.send(_text(op="hello", ticket=ticket["ticket"]))
            await wire.send(_text(op="subscribe", rooms={self.room: self.last}))
            while True:
                try:
                    async with asyncio.timeout(SILENCE_S):
                        frame = msgspec.json.decode(await wire.recv())
                except TimeoutError:
                    await wire.send(_text(op="ping"))
                    async with asyncio.timeout(SILENCE_S):
                        frame = msgspec.json.decode(await wire.recv())
                if frame["op"] == "events":
                    self.received += frame["events"]
                elif frame["op"] == "error":
                    return


def _text(**content: Any) -> str:
    return msgspec.json.encode(content).decode()
