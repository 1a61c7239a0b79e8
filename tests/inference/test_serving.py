"""The scheduler with real processes, sockets and models."""

import asyncio
import os
import shutil
import stat
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from hanse.inference import (
    DeadlineExceeded,
    InferenceClient,
    InferenceUnavailable,
    InvalidItem,
    ItemFailed,
    ItemTooLong,
    Limits,
    RequestTooLarge,
    ServiceClass,
    UnknownModel,
    serve,
)
from hanse.inference.frames import encode
from hanse.inference.messages import Submit
from hanse.inference.processes import NICE
from hanse.platform.process import SetupError
from tests.inference.fleet import Fleet, running_fleet, until
from tests.inference.test_fetch import bundled


@pytest.fixture(scope="module")
async def fleet() -> AsyncIterator[Fleet]:
    """Two workers for all tests of this module."""
    async with running_fleet(workers=2, limits=Limits(rescan_s=0.2)) as fleet:
        yield fleet


async def test_real_translations_come_back_in_order(fleet: Fleet) -> None:
    numbers = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    items = [f"We have {number} houses." for number in numbers]
    results = await fleet.run(*items, model="en-pt")
    words = ("uma", "duas", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez")
    assert all(word in result for word, result in zip(words, results, strict=True)), results


async def test_both_directions_are_served_side_by_side(fleet: Fleet) -> None:
    there, back = await asyncio.gather(
        fleet.run("The house is blue.", model="en-pt"), fleet.run("A casa é azul.", model="pt-en")
    )
    assert (there, back) == (["A casa é azul."], ["The house is blue."])


async def test_workers_give_way_to_the_scheduler_and_whatever_else_answers_people(
    fleet: Fleet,
) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, fleet.process.pid)
    workers = psutil.Process(fleet.process.pid).children()
    assert len(workers) == 2
    for worker in workers:
        threads = [thread.id for thread in worker.threads()]
        assert {os.getpriority(os.PRIO_PROCESS, each) for each in threads} == {ours + NICE}
        # Linux weighs sessions against each other before it looks at priorities.
        assert os.getsid(worker.pid) == os.getsid(fleet.process.pid)


async def test_the_models_are_known_to_every_client(fleet: Fleet) -> None:
    models = {model.name: model for model in await fleet.client.models()}
    assert set(models) >= {"en-pt", "pt-en", "pseudo", "fragile"}
    assert (models["en-pt"].source, models["en-pt"].target) == ("en", "pt")
    assert models["pseudo"].source is None


async def test_a_hundred_identical_items_at_once_make_one_engine_call(fleet: Fleet) -> None:
    before = await fleet.counts()
    results = await asyncio.gather(*(fleet.run("count merged") for _ in range(100)))
    after = await fleet.counts()
    assert after["run_items"] - before["run_items"] == 1
    assert len({result for [result] in results}) == 1


async def test_another_organisation_has_its_own_computed(fleet: Fleet) -> None:
    before = (await fleet.counts())["run_items"]
    await fleet.run("count mine")
    await fleet.run("count mine")
    assert (await fleet.counts())["run_items"] == before + 1
    await fleet.run("count mine", organisation_id=UUID(int=2))
    assert (await fleet.counts())["run_items"] == before + 2


async def test_many_requests_share_one_connection(fleet: Fleet) -> None:
    requests = [fleet.run(f"a{number}", f"b{number}") for number in range(500)]
    results = await asyncio.gather(*requests)
    assert results == [[f"A{number}", f"B{number}"] for number in range(500)]
    assert (await fleet.client.status())["clients"] == 1


async def test_the_error_of_one_item_stands_in_its_place(fleet: Fleet) -> None:
    outcomes = await fleet.run_each("good", "raise secret", "panic secret", "fine")
    assert (outcomes[0], outcomes[3]) == ("GOOD", "FINE")
    assert isinstance(outcomes[1], ItemFailed)
    assert isinstance(outcomes[2], ItemFailed)
    assert "secret" not in str(outcomes[1]) + str(outcomes[2])
    with pytest.raises(ItemFailed):
        await fleet.run("good", "raise secret")


async def test_results_that_are_no_text_are_an_error_and_the_worker_lives(fleet: Fleet) -> None:
    before = await fleet.counts()
    [outcome] = await fleet.run_each("surrogate")
    assert isinstance(outcome, Exception)
    assert (await fleet.counts())["workers_lost"] == before["workers_lost"]


async def test_bad_requests_are_typed_errors(fleet: Fleet) -> None:
    with pytest.raises(UnknownModel, match="xx-yy"):
        await fleet.run("a", model="xx-yy")
    with pytest.raises(ItemTooLong) as too_long:
        await fleet.run("fine", "a" * 1_001)
    assert too_long.value.facts == {"index": 1, "chars": 1_001, "chars_max": 1_000}
    with pytest.raises(RequestTooLarge):
        await fleet.run(*("a" for _ in range(5_001)))
    with pytest.raises(RequestTooLarge):
        await fleet.run("a" * 40_000_000)
    with pytest.raises(InvalidItem):
        await fleet.run("half \ud800 a character")
    with pytest.raises(InvalidItem):
        await fleet.run("a", deadline_s=float("nan"))
    with pytest.raises(DeadlineExceeded):
        await fleet.run("a", deadline_s=0.0)
    assert await fleet.run() == []
    assert await fleet.run("still here") == ["STILL HERE"]


async def test_work_still_queued_at_its_deadline_is_given_up(fleet: Fleet) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(fleet.run(f"sleep 0.8 {number}"))

        async def all_busy() -> bool:
            workers = (await fleet.client.status())["workers"]
            return all(worker["running_items"] for worker in workers)

        await until(all_busy)  # a second worker loads the model only when it is needed
        with pytest.raises(DeadlineExceeded):
            await fleet.run("too late", deadline_s=0.2)


async def test_a_cancelled_request_leaves_the_queue(fleet: Fleet) -> None:
    blocking = [asyncio.create_task(fleet.run(f"sleep 0.5 c{number}")) for number in range(2)]
    unwanted = [f"unwanted {number}" for number in range(1_000)]
    bulk = asyncio.create_task(fleet.run(*unwanted, service_class=ServiceClass.BULK))

    async def queued() -> int:
        return int((await fleet.client.status())["queues"]["bulk"]["items"])

    await until(queued)
    bulk.cancel()
    with pytest.raises(asyncio.CancelledError):
        await bulk

    async def empty() -> bool:
        return await queued() == 0

    before = (await fleet.counts())["run_items"]
    await until(empty)
    await asyncio.gather(*blocking)
    assert (await fleet.counts())["run_items"] < before + 500


async def test_a_client_that_leaves_takes_its_work_along(fleet: Fleet) -> None:
    blocking = [asyncio.create_task(fleet.run(f"sleep 0.5 d{number}")) for number in range(2)]
    leaver = await InferenceClient.open(fleet.socket)
    left = asyncio.create_task(
        leaver.run(
            organisation_id=UUID(int=9),
            model="fragile",
            items=[f"left {number}" for number in range(1_000)],
            service_class=ServiceClass.BULK,
            deadline_s=60,
        )
    )

    async def requests() -> int:
        return int((await fleet.client.status())["requests"])

    async def three() -> bool:
        return await requests() == 3

    await until(three)
    await leaver.close()
    with pytest.raises(InferenceUnavailable):
        await left

    async def two() -> bool:
        return await requests() <= 2

    await until(two)
    await asyncio.gather(*blocking)


async def test_a_model_that_is_put_there_is_served_and_one_that_is_removed_is_not(
    fleet: Fleet,
) -> None:
    fleet.models_directory.mkdir(exist_ok=True)
    folder = fleet.models_directory / "en-gl"
    shutil.copytree(bundled("en-pt"), fleet.models_directory / ".incoming")
    (fleet.models_directory / ".incoming").rename(folder)

    async def known() -> bool:
        return "en-gl" in {model.name for model in await fleet.client.models()}

    async def unknown() -> bool:
        return not await known()

    await until(known)
    assert await fleet.run("The house is blue.", model="en-gl") == ["A casa é azul."]
    shutil.rmtree(folder)
    await until(unknown)
    with pytest.raises(UnknownModel):
        await fleet.run("The house is blue.", model="en-gl")


async def test_a_model_that_looks_right_but_does_not_load_fails_its_items_only(
    fleet: Fleet,
) -> None:
    folder = fleet.models_directory / "en-la"
    shutil.copytree(bundled("en-pt"), fleet.models_directory / ".incoming")
    model = fleet.models_directory / ".incoming" / "model.enpt.intgemm.alphas.bin"
    model.write_bytes(model.read_bytes()[:5_000])
    (fleet.models_directory / ".incoming").rename(folder)

    async def known() -> bool:
        return "en-la" in {model.name for model in await fleet.client.models()}

    await until(known)
    [outcome] = await fleet.run_each("Hello.", model="en-la")
    assert isinstance(outcome, Exception)
    assert "en-la" in str(outcome)
    assert await fleet.run("fine") == ["FINE"]
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff\xff\xff",
        struct.pack(">I", 5) + b"hello",
        struct.pack(">I", 2) + b"\x91\x63",
        b"",
        b"\0\0",
    ],
)
async def test_a_client_that_sends_nonsense_hurts_itself_alone(fleet: Fleet, noise: bytes) -> None:
    for path in (fleet.socket, fleet.socket.with_name(f"{fleet.socket.name}.workers")):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(noise)
        if len(noise) > 3:
            while await asyncio.wait_for(reader.read(65536), 10):
                pass
        writer.close()
    assert await fleet.run("fine") == ["FINE"]


async def test_the_sockets_are_for_this_account_alone(fleet: Fleet) -> None:
    assert stat.S_IMODE(fleet.socket.parent.stat().st_mode) == 0o700
    sockets = list(fleet.socket.parent.iterdir())
    assert len(sockets) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in sockets} == {0o600}


async def serve_at(socket: Path, stop: asyncio.Event, workers: int = 0) -> None:
    """Serve in this process."""
    await serve(
        socket=socket,
        models_directory=socket.parent / "models",
        workers=workers,
        pseudo=False,
        limits=Limits(),
        stop=stop,
    )


async def test_a_second_scheduler_at_the_same_socket_is_refused(fleet: Fleet) -> None:
    with pytest.raises(SetupError, match="Another scheduler"):
        await serve_at(fleet.socket, asyncio.Event())
    assert await fleet.run("fine") == ["FINE"]


async def test_a_socket_whose_path_is_too_long_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="too long"):
        await serve_at(tmp_path / ("x" * 100), asyncio.Event())


async def test_a_client_without_a_scheduler_says_so_at_once(tmp_path: Path) -> None:
    client = await InferenceClient.open(tmp_path / "nothing.sock")
    with pytest.raises(InferenceUnavailable):
        await client.models()
    with pytest.raises(InferenceUnavailable) as unavailable:
        await client.status()
    assert unavailable.value.status == 503
    assert unavailable.value.retry_after_s is not None
    await client.close()


async def test_a_client_that_never_reads_its_answers_is_cut_off() -> None:
    async with running_fleet(workers=1, limits=Limits(peer_buffer_bytes_max=100_000)) as fleet:
        await fleet.run("x" * 1_000)
        reader, writer = await asyncio.open_unix_connection(fleet.socket, limit=1)
        items = ("x" * 1_000,) * 500
        with pytest.raises(ConnectionError):
            for number in range(100):
                submit = Submit(number, UUID(int=1), "fragile", items, ServiceClass.BULK, 60.0)
                writer.write(encode(submit, 10_000_000))
                await writer.drain()
        assert not reader.at_eof()
        assert await fleet.run("fine") == ["FINE"]


async def test_a_client_of_a_scheduler_that_does_not_speak_keeps_trying(tmp_path: Path) -> None:
    greetings: list[int] = []

    async def mute(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greetings.append(1)
        writer.close()

    server = await asyncio.start_unix_server(mute, tmp_path / "mute.sock")
    client = await InferenceClient.open(tmp_path / "mute.sock")
    with pytest.raises(InferenceUnavailable):
        await client.run(
            organisation_id=UUID(int=1),
            model="any",
            items=["a"],
            service_class=ServiceClass.LIVE,
            deadline_s=1,
        )

    async def tried_again() -> bool:
        return len(greetings) > 2

    await until(tried_again)
    await client.close()
    server.close()


async def test_a_client_that_is_closed_as_soon_as_it_is_open_ends_at_once(fleet: Fleet) -> None:
    for _ in range(50):
        client = await InferenceClient.open(fleet.socket)
        await asyncio.wait_for(client.close(), 10)


async def test_a_scheduler_that_is_stopped_as_soon_as_it_starts_ends_at_once(
    tmp_path: Path,
) -> None:
    for workers in (0, 2):
        stop = asyncio.Event()
        stop.set()
        await asyncio.wait_for(serve_at(tmp_path / "s.sock", stop, workers), 20)
        assert not (tmp_path / "s.sock").exists()


async def test_results_may_be_bytes_and_callers_of_text_never_get_them(fleet: Fleet) -> None:
    asked = {"organisation_id": UUID(int=1), "model": "fragile", "items": ["bytes 1", "x"]}
    how = {"service_class": ServiceClass.INTERACTIVE, "deadline_s": 30.0}
    for _ in range(2):  # computed, then from the cache
        assert await fleet.client.compute(**asked, **how) == [b"\x00\xffbytes 1", "X"]
    failed, text = await fleet.run_each("bytes 1", "x")
    assert isinstance(failed, ItemFailed)
    assert text == "X"
