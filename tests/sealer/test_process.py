"""The program itself: started, asked over HTTP, rolled back, killed."""

import asyncio
import contextlib
import multiprocessing
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from services.audit.proofs.hashing import leaf_hash
from services.audit.proofs.tree import Edge
from services.audit.sealer.__main__ import main
from tests.sealer.staging import POLL_SECONDS, WAIT_SECONDS, County
from tests.servers import free_ports

SEALED_WITHIN_SECONDS = 5.0
EXITS_WITHIN_SECONDS = 1.0
ROLLED_BACK = 11
SHORT_KILLS, LONG_KILLS = 30, 400
STEPS = "casework"


class Process:
    """`baoxue-sealer` of a county."""

    def __init__(self, here: County) -> None:
        self.port = free_ports(1)[0] + 5
        self.log = here.home / "sealer.log"
        self.environment = {**os.environ, **here.environment(self.port)}
        self.started = time.monotonic()
        self.child = self._start()

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "services.audit.sealer", *words]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    async def get(self, path: str) -> httpx2.Response:
        async with httpx2.AsyncClient() as http:
            return await http.get(f"http://127.0.0.1:{self.port}{path}")

    async def live(self) -> bool:
        with contextlib.suppress(httpx2.HTTPError):
            return (await self.get("/health/live")).status_code == 200
        return False

    async def ready(self) -> bool:
        with contextlib.suppress(httpx2.HTTPError):
            return (await self.get("/health/ready")).status_code == 200
        return False

    async def ended(self) -> int:
        await until(lambda: asyncio.sleep(0, self.child.poll() is not None))
        return self.child.returncode

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()


async def until(condition: Callable[[], Awaitable[bool]], limit: float = WAIT_SECONDS) -> None:
    async with asyncio.timeout(limit):
        while not await condition():
            await asyncio.sleep(POLL_SECONDS)


@contextlib.asynccontextmanager
async def running(here: County) -> AsyncIterator[Process]:
    process = Process(here)
    try:
        yield process
    finally:
        process.kill()


def command(here: County, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.audit.sealer", *words],
        env={**os.environ, **here.environment(1)},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_it_seals_within_five_seconds_and_says_how_far_it_is(here: County) -> None:
    async with running(here) as process:
        await until(process.ready)
        await here.write("casework", 40)
        began = time.monotonic()
        await until(lambda: has_sealed(here, 40))
        assert time.monotonic() - began < SEALED_WITHIN_SECONDS

        async def told() -> bool:
            logs = (await process.get("/status")).json()["logs"]
            return logs.get("test/990101/casework", {}).get("sealed_size") == 40

        await until(told)
        one = (await process.get("/status")).json()["logs"]["test/990101/casework"]
        assert one["size"] == 40 and one["age_seconds"] < WAIT_SECONDS and not one["frozen"]
        figures = (await process.get("/metrics")).text
        assert 'baoxue_sealed_size{origin="test/990101/casework"} 40.0' in figures
        trust = (here.home / "baoxue-trust.json").read_text()
        assert "test/990101/casework+" in trust


async def has_sealed(here: County, size: int) -> bool:
    return await here.sealed_size(STEPS) >= size


async def test_while_it_runs_a_rollback_ends_it_within_a_second_with_one_line(
    here: County,
) -> None:
    async with running(here) as process:
        await here.write("casework", 6)
        await until(lambda: has_sealed(here, 6))
        bodies = await here.producers["casework"].bodies()
        await here.producers["casework"].tamper(
            "delete from events where seq > 4", "update ledger set last_seq = 4"
        )
        await here.claim("casework", bodies[:4])
        began = time.monotonic()
        assert await process.ended() == ROLLED_BACK
        assert time.monotonic() - began < EXITS_WITHIN_SECONDS + 1.0
    told = [one for one in process.log.read_text().splitlines() if one.startswith("✗")]
    assert len(told) == 1
    assert "拒绝签名" in told[0] and "test/990101/casework" in told[0]
    assert await here.sealed_size("casework") == 6
    assert ("test/990101/casework", "rolled_back", 6) in await here.refusals()


async def test_started_on_a_rolled_back_store_it_ends_and_signs_nothing(here: County) -> None:
    await here.write("casework", 6)
    await here.look()
    before = await here.sealed()
    await here.claim("casework", (await here.producers["casework"].bodies())[:4])
    await here.write("notify", 3)
    done = await asyncio.to_thread(command, here)
    assert done.returncode == ROLLED_BACK
    assert "Traceback" not in done.stderr
    assert await here.sealed() == before


async def test_a_refusal_turns_readiness_red_and_goes_when_it_is_mended(here: County) -> None:
    async with running(here) as process:
        await here.producers["casework"].write(3)
        await here.claim("casework", root=b"\1" * 32)

        async def red() -> bool:
            return await process.live() and (await process.get("/health/ready")).status_code == 503

        await until(red)
        await until(lambda: refused(here))
        problems = (await process.get("/health/ready")).json()["problems"]
        assert problems == ["test/990101/casework: refused at 3: other_root"]
        await here.claim("casework")
        await until(process.ready)
        await until(lambda: has_sealed(here, 3))


async def refused(here: County) -> bool:
    return bool(await here.refusals())


async def test_two_at_once_seal_as_one(here: County) -> None:
    async with running(here) as first, running(here) as second:
        await until(first.live)
        await until(second.live)
        for size in range(5, 30, 5):
            await here.write("casework", 5)
            await until(lambda size=size: has_sealed(here, size))  # type: ignore[misc]
        ready = [await first.ready(), await second.ready()]
        assert sorted(ready) == [False, True]
        (first if ready[0] else second).kill()
        await here.write("casework", 5)
        await until(lambda: has_sealed(here, 30))
    await no_fork(here)


async def no_fork(here: County) -> None:
    """In the order of sealing: no smaller size, one root a size, each the producer's own."""
    bodies = await here.producers["casework"].bodies()
    sealed = [one for one in await here.sealed() if one.origin.endswith("/casework")]
    sizes = [one.size for one in sealed]
    assert sizes == sorted(sizes)
    for one in sealed:
        assert one.root == Edge().extended(map(leaf_hash, bodies[: one.size])).root()


_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["services.audit.sealer.process", __name__])


def run_in_child(environment: dict[str, str]) -> None:
    """The program with everything imported, so that kills fall into its work."""
    os.environ.update(environment)
    os.dup2(os.open(environment["SEALER_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    sys.exit(main([]))


async def kill_again_and_again(here: County, kills: int, seed: int) -> None:
    rng, done = random.Random(seed), asyncio.Event()

    async def write() -> None:
        while not done.is_set():
            await here.write("casework", rng.choice((1, 2, 7, 30)))
            await asyncio.sleep(0.1 + rng.random() * 0.4)

    writing = asyncio.create_task(write())
    try:
        for _ in range(kills):
            given = here.environment(free_ports(1)[0] + 5) | {"SEALER_LOG": str(here.home / "log")}
            child = _context.Process(target=run_in_child, args=(given,))
            child.start()
            before = await here.notes()
            if rng.random() < 0.5:
                await until(lambda before=before: sealed_more(here, before))  # type: ignore[misc]
            await asyncio.sleep(rng.random() * 0.6)
            assert child.exitcode is None, (here.home / "log").read_text()[-500:]
            child.kill()
            await asyncio.to_thread(child.join)
    finally:
        done.set()
        await writing
    async with running(here):
        await until(lambda: whole(here))
    await no_fork(here)
    assert await here.refusals() == []


async def sealed_more(here: County, before: int) -> bool:
    return await here.notes() > before


async def whole(here: County) -> bool:
    return await here.sealed_size("casework") == len(await here.producers["casework"].bodies())


async def test_killed_at_any_moment_it_never_forks_and_never_goes_back(here: County) -> None:
    await kill_again_and_again(here, SHORT_KILLS, seed=11)


@pytest.mark.long
async def test_killed_many_times_it_never_forks_and_never_goes_back(here: County) -> None:
    await kill_again_and_again(here, LONG_KILLS, seed=12)


def test_keys_are_rotated_and_retired_from_the_command_line(here: County) -> None:
    assert command(here, "retire").returncode == 1
    done = command(here, "rotate")
    assert (done.returncode, done.stderr) == (0, "")
    assert "baoxue-trust.json" in done.stdout
    again = command(here, "rotate")
    assert again.returncode == 1 and again.stderr.startswith("✗") and "retire" in again.stderr
    assert command(here, "retire").returncode == 0


def test_a_key_file_that_others_can_read_is_one_line(here: County, tmp_path: Path) -> None:
    here.key_path.chmod(0o644)
    done = command(here, "rotate")
    assert done.returncode == 1
    assert "chmod 600" in done.stderr and done.stderr.count("\n") == 1
