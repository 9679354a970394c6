"""`baoxue simulate`: a county that does not exist lives through a school year."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import httpx2
import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from baoxue.cli_edge import EXIT_REFUSED, EXIT_UNUSABLE, Json, app, fail, told
from baoxue.client import Refused, Unreachable
from baoxue.moving import NotSimulated
from baoxue.simulation.county import Wish
from baoxue.simulation.plan import Plan, make_plan
from baoxue.simulation.year import school_year, terms_of
from baoxue.system import NotQuiet
from shared.event import business_day
from shared.policy.merging import SHIPPED, shipped_pack
from shared.settings import Settings
from shared.signing import SigningKeyError

if TYPE_CHECKING:
    from baoxue.simulation.judging import Judged
    from baoxue.simulation.whole import Report

# Fictitious like all 9901xx, and none of the sample's.
DEFAULT_COUNTY, DEFAULT_NAME = "990191", "模拟县"
SCHOOLS, CHILDREN = 20, 15_000
SEED = "seed"
HIGHEST_SCHOOLS, HIGHEST_CHILDREN = 200, 200_000


class TooLate(Exception):
    """The clock has passed the days that were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asks for; days default to what is left of the school year."""

    seed: str
    code: str
    name: str
    schools: int
    children: int
    year: int | None
    first: date | None
    last: date | None
    packs: tuple[tuple[str, str], ...]


@app.command()
@told
def simulate(
    seed: Annotated[str, typer.Option("--seed", help="同样的种子，同样的县。")] = "1",
    schools: Annotated[int, typer.Option("--schools", min=1, max=HIGHEST_SCHOOLS)] = SCHOOLS,
    children: Annotated[int, typer.Option("--children", min=1, max=HIGHEST_CHILDREN)] = CHILDREN,
    year: Annotated[int | None, typer.Option("--year", help="学年从哪一年秋季开始。")] = None,
    first: Annotated[str | None, typer.Option("--from", help="从哪天起，如 2026-09-01。")] = None,
    last: Annotated[str | None, typer.Option("--to", help="到哪天止，含这一天。")] = None,
    county: Annotated[str, typer.Option("--county", help="县的代码，9901 开头。")] = DEFAULT_COUNTY,
    name: Annotated[str, typer.Option("--name", help="县名。")] = DEFAULT_NAME,
    pack: Annotated[
        list[str] | None,
        typer.Option(
            "--pack", help="按哪份规则：seed、rhythm2024，或规则包文件；写几次，就有几个县。"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """在演示数据里模拟一个县的学年：点名、缺勤、预警、个案。真实数据里不能用。"""
    asked = Asked(
        seed=seed,
        code=_fictitious(county),
        name=name,
        schools=schools,
        children=children,
        year=year,
        first=_day(first),
        last=_day(last),
        packs=tuple((one, _pack(one)) for one in pack or (SEED,)),
    )
    made = _run(asked, as_json=as_json)
    if as_json:
        typer.echo(json.dumps(made.told(), ensure_ascii=False))
    else:
        show(made)
    if made.reached.missing:
        raise typer.Exit(EXIT_REFUSED)


def _run(asked: Asked, *, as_json: bool) -> "Report":
    try:
        return uvloop.run(_simulate(asked, quiet=as_json))
    except (httpx2.HTTPError, SigningKeyError) as error:
        raise Unreachable(type(error).__name__) from error
    except NotSimulated as error:
        raise Refused(
            409, {"say": "这里是真实数据，不能模拟。用另一个 BAOXUE_NAME 启动。"}
        ) from error
    except TooLate as error:
        raise Refused(
            409, {"say": f"演示的时间已到 {error}，那些天已经过去。换个日期。"}
        ) from error
    except NotQuiet as error:
        raise Refused(409, {"say": f"有的数据跟不上，模拟停下了：{error}"}) from error


async def _simulate(asked: Asked, *, quiet: bool) -> "Report":
    # Both services come with it: too much for every other command to wait for.
    from baoxue.simulation.entering import put_in_force
    from baoxue.simulation.whole import begin, judged, live, running

    async with running(Settings()) as run:
        today = business_day(run.clockwork.now)
        plans = [_plan(asked, today, number) for number in range(len(asked.packs))]
        with _Bar(quiet=quiet) as (say, progress):
            counties = await begin(run, plans, say)
            for plan, (name, content) in zip(plans, asked.packs, strict=True):
                if name != SEED:  # which is in force from the founding on
                    await put_in_force(run.accounts, plan.county, content)
            await run.clockwork.settle()
            made = await live(run, counties, progress)
            made.duties = await judged(run, counties)
            return made


def _plan(asked: Asked, today: date, number: int) -> Plan:
    """Of the county for the pack at `number`: each has a code and a name of its own."""
    terms = terms_of(asked.year if asked.year is not None else school_year(today))
    first = asked.first or max(terms[0].opens_on, today + timedelta(days=1))
    last = asked.last or terms[-1].ends_on
    wish = Wish(
        code=str(int(asked.code) + number),
        name=asked.name if len(asked.packs) == 1 else f"{asked.name}（{asked.packs[number][0]}）",
        seed=asked.seed,
        schools=asked.schools,
        children=asked.children,
        terms=terms,
    )
    plan = make_plan(wish, first, last)
    if first <= today or not plan.days:
        raise TooLate(today)
    return plan


def _pack(name: str) -> str:
    """The text of a pack that ships, or of a file."""
    shipped = shipped_pack(name)
    try:
        return (shipped or Path(name).read_bytes()).decode()
    except (OSError, UnicodeDecodeError):
        fail(f"读不了规则包 {name}：写 {'、'.join(SHIPPED)}，或文件名。", EXIT_UNUSABLE, {})
        raise


def _fictitious(code: str) -> str:
    if len(code) != 6 or not code.isdecimal() or not code.startswith("9901"):
        fail("模拟县的代码要是 9901 开头的六位数字，没有真的县用它。", EXIT_UNUSABLE, {})
    return code


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"日期 {text} 读不懂：写成 2026-09-01。", EXIT_UNUSABLE, {})
        raise


class _Bar:
    """A line for people on standard error; silent where a program listens."""

    def __init__(self, *, quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        console = Console(stderr=True, quiet=quiet)
        self._progress = Progress(*columns, console=console, transient=True)

    def __enter__(self) -> tuple[Callable[[str], None], Callable[[date, int, int], None]]:
        self._progress.start()
        task = self._progress.add_task("", total=None)

        def say(line: str) -> None:
            self._progress.update(task, description=line)

        def day(on: date, done: int, total: int) -> None:
            self._progress.update(task, description=f"{on}", completed=done, total=total)

        return say, day

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def show(made: "Report") -> None:
    """Counts, and the two tables with what was reached."""
    console = Console(file=sys.stdout)
    for one in made.counties:
        people = f"{one['children']} 名学生，{one['school_days']} 个上学日"
        rolls = f"点名 {one['rolls']}，缺勤 {one['absences']}"
        console.print(f"{one['code']} {one['name']}：{people}，{rolls}")
    console.print(
        f"命令 {made.commands}，其中 {made.through_gateway} 条走网关；用时 {made.seconds}"
    )
    if made.refused:
        console.print(f"被拒：{made.refused}")
    for table, states in made.reached.told().items():
        console.print(_grid(table, states, made.states.get(table, {})))
    for kinds in made.duties.values():
        console.print(_duties(kinds))
    missing = len(made.reached.missing)
    console.print("所有状态和动作都到过。" if not missing else f"还有 {missing} 项没有到过。")


def _grid(table: str, states: dict[str, dict[str, bool]], counts: dict[str, int]) -> Table:
    grid = Table(table, "现有", "到过", "没到过", show_lines=True)
    for state, actions in states.items():
        done = " ".join(name for name, was in actions.items() if was)
        lacking = " ".join(name for name, was in actions.items() if not was)
        grid.add_row(state, str(counts.get(state, 0)), done, lacking)
    return grid


def _duties(kinds: "tuple[Judged, ...]") -> Table:
    """Kind by kind: how many, how they ended, and what makes them other than under the seed."""
    grid = Table(
        "任务", "条目", "共", "按时", "补做", "逾期", "未到期", "撤销", "不合行为", "与种子规则不同"
    )
    for one in kinds:
        states = [one.states[name] for name in ("satisfied", "late", "breached", "armed")]
        gone = "，".join(f"{reason} {count}" for reason, count in sorted(one.withdrawn.items()))
        other = "；".join(f"{name}：{was} → {now}" for name, (was, now) in one.differs.items())
        counts = (one.armed, *states)
        grid.add_row(
            f"{one.zh} {one.kind}", "、".join(one.rows), *map(str, counts), gone,
            str(one.unlike or ""), other,
        )  # fmt: skip
    return grid
