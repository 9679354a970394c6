"""The sample of `make run`: two counties that do not exist, a term up to now, demo accounts.

BAOXUE_SAMPLE_CHILDREN makes it smaller or larger: how many children both counties have together.
"""

import json
import os
import sys
from datetime import UTC, date, datetime, time
from pathlib import Path

import httpx2
import msgspec
import uvloop
from rich.console import Console
from rich.status import Status

from baoxue.moving import NotSimulated
from baoxue.simulation import memory
from baoxue.simulation.accounts import CommandRefused
from baoxue.simulation.demo import (
    CHILDREN,
    FEWEST_CHILDREN,
    FIRST,
    PASSWORD,
    Account,
    Demo,
    last_day,
    make_demo,
    things_to_try,
)
from baoxue.simulation.memory import Memory
from baoxue.simulation.whole import Running, begin, live, running
from baoxue.simulation.year import term_to_show
from baoxue.system import NotQuiet, System
from services.enrollment.sessions.demo import DemoRow, set_demo_accounts
from shared import credentials
from shared.event import SHANGHAI, business_day
from shared.settings import Settings

NOTE = "sample.json"
# How far a sample that is not whole has come; gone when it is.
PROGRESS = "sample-progress.json"
SIZE = "BAOXUE_SAMPLE_CHILDREN"
# After this the day's rolls are in, but for those that are left to a newcomer.
MORNING_OVER = time(8, 30)


class WrongSize(Exception):
    """BAOXUE_SAMPLE_CHILDREN is no number of children that a sample can be made of."""


class Unfinished(Exception):
    """An earlier attempt at the sample was broken off."""


async def bring_in(settings: Settings, console: Console, now: datetime) -> None:
    """The sample, unless it is there; says in the end whom to sign in as.

    One that was broken off is taken up where it stands. Raises NotSimulated, Unfinished, NotQuiet,
    httpx2.HTTPError.
    """
    note, progress = settings.home / NOTE, settings.home / PROGRESS
    if not note.exists():
        begun = memory.read(progress)
        if begun is None:
            await _require_fresh(settings)
            begun = Memory(now=now, children=size_of_sample())
            memory.write(progress, begun)
        elif begun.counties:
            console.print(f"  接着做上次的演示数据：已有 {begun.days} 个上学日。")
        with console.status("正在生成演示数据 …") as status:
            lines = await _make(settings, status, begun)
        note.write_text(json.dumps(lines, ensure_ascii=False, indent=1), encoding="utf-8")
        progress.unlink()
    show(console, note)


async def _require_fresh(settings: Settings) -> None:
    async with httpx2.AsyncClient() as http:
        system = System.here(settings, http)
        if not (await system.get("enrollment", "/clock"))["simulated"]:
            raise NotSimulated
        heads = (await system.get("enrollment", "/positions"))["heads"]
        if FIRST[0] in heads:
            raise Unfinished


async def _make(settings: Settings, status: Status, begun: Memory) -> list[str]:
    demo = planned(begun.now, begun.children)
    async with running(settings) as run:
        counties = await begin(run, demo.plans, status.update)
        counties[0].left_out = demo.left_out
        for county, known in zip(counties, begun.counties, strict=False):
            county.recall(known)

        def progress(day: date, done: int, total: int) -> None:
            status.update(f"演示数据：{day}（第 {done} 个上学日，共 {total} 个）")
            stands = [county.memory() for county in counties]
            told = Memory(begun.now, begun.children, done, stands)
            memory.write(settings.home / PROGRESS, told)

        await live(run, counties, progress, until=begun.now, after=begun.days)
        await _passwords(run, demo)
        await _to_now(run)
    return told(demo)


def planned(now: datetime, children: int) -> Demo:
    """What the sample is that is asked for at `now`."""
    local = now.astimezone(SHANGHAI)
    term = term_to_show(local.date())
    over = local.time() >= MORNING_OVER
    last, today = last_day(term, business_day(now), morning_is_over=over)
    return make_demo(term, last, today=today, children=children)


def size_of_sample() -> int:
    """Children of both counties together. Raises WrongSize."""
    text = os.environ.get(SIZE) or str(CHILDREN)
    if not text.isdecimal() or int(text) < FEWEST_CHILDREN:
        raise WrongSize(f"{SIZE}={text} 不能用：请给不小于 {FEWEST_CHILDREN} 的整数。")
    return int(text)


async def _passwords(run: Running, demo: Demo) -> None:
    machine = datetime.now(UTC)
    async with run.accounts.edges["enrollment"].service.engine.begin() as conn:
        for one in demo.accounts:
            await credentials.set_password(conn, one.account, PASSWORD, machine)
        await set_demo_accounts(conn, [_row(demo, one) for one in demo.accounts])


def _row(demo: Demo, one: Account) -> DemoRow:
    plan = next(plan for plan in demo.plans if plan.county.code == one.county)
    role, _, where = one.where.partition("，")
    name = plan.county.staff[one.staff].name
    return DemoRow(account=one.account, name=name, role=role, tries=where)


async def _to_now(run: Running) -> None:
    """What fell due since the last step happens at its own time; then the clock runs."""
    await run.clockwork.to(datetime.now(UTC))
    await run.clockwork.run_on()


def told(demo: Demo) -> list[str]:
    accounts = [f"{one.account:<10} {one.where}" for one in demo.accounts]
    tries = [f"{n}. {line}" for n, line in enumerate(things_to_try(demo.brink), 1)]
    return [f"演示账号（密码都是 {PASSWORD}）", *accounts, "可以试三件事", *tries]


def show(console: Console, note: Path) -> None:
    for line in json.loads(note.read_text(encoding="utf-8")):
        heading = line.startswith(("演示账号", "可以试"))
        console.print(line if heading else f"  {line}", highlight=False, markup=False)


def main() -> None:
    console = Console(soft_wrap=True)
    try:
        uvloop.run(bring_in(Settings(), console, datetime.now(UTC)))
    except NotSimulated:
        console.print("  这里是真实数据，没有带入演示数据。")
    except (Unfinished, msgspec.DecodeError):
        sys.exit("✗ 上次的演示数据没有做完。运行 make clean-data，再 make run。")
    except WrongSize as error:
        sys.exit(f"✗ {error}")
    except KeyboardInterrupt:
        sys.exit("✗ 演示数据还没做完；再 make run，就从停下的那天接着做。")
    except (NotQuiet, httpx2.HTTPError, CommandRefused) as error:
        sys.exit(f"✗ 演示数据没有做完（{type(error).__name__}: {error}）。看 log 里的日志。")


if __name__ == "__main__":
    main()
