"""A run from nothing to its report: counties entered, days lived through, tables looked at."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Any

import httpx2
from sqlalchemy import text

from baoxue.simulation.accounts import Accounts
from baoxue.simulation.clockwork import Clockwork, wait_ready
from baoxue.simulation.counties import CountyRun
from baoxue.simulation.days import Days, Progress
from baoxue.simulation.entering import TABLES, enter
from baoxue.simulation.inside import edge_of
from baoxue.simulation.judging import Judged, judge
from baoxue.simulation.plan import Plan
from baoxue.simulation.reached import Reached, reached
from baoxue.simulation.world import read_world
from baoxue.system import System
from shared.settings import Settings
from shared.signing import load_public_keys

HTTP_TIMEOUT_SECONDS = 120.0
STATES = text(
    "select split_part(stream, '-', 1) as kind, state, count(*) as n from current"
    " where ledger = any(:ledgers) and (stream like 'alert-%' or stream like 'case-%')"
    " group by 1, 2 order by 1, 2"
)

Said = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """What a run came to. `seconds` by part; `states`: how many alerts and cases are where."""

    counties: list[dict[str, Any]]
    commands: int
    through_gateway: int
    refused: dict[str, int]
    states: dict[str, dict[str, int]]
    reached: Reached
    duties: dict[str, tuple[Judged, ...]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """For JSON."""
        told = asdict(replace(self, duties={}))
        told["duties"] = {
            county: [one.told() for one in kinds] for county, kinds in self.duties.items()
        }
        told["reached"] = self.reached.told()
        told["missing"] = [" ".join(pair) for pair in self.reached.missing]
        return told


@dataclass(slots=True)
class Running:
    """The running system, its clock halted, and accounts to act with."""

    system: System
    clockwork: Clockwork
    accounts: Accounts
    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def timed(self, part: str) -> Any:
        began = monotonic()
        yield
        self.seconds[part] = round(self.seconds.get(part, 0.0) + monotonic() - began, 1)


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Raises NotSimulated, NotQuiet, httpx2.HTTPError. The clock stands still afterwards."""
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=HTTP_TIMEOUT_SECONDS))
        system = System.here(settings, http)
        await wait_ready(system)
        edges = {
            name: await stack.enter_async_context(edge_of(name, settings))
            for name in ("enrollment", "casework")
        }
        clockwork = await Clockwork.begin(system, edges)
        keys = load_public_keys(settings.home / "secrets")
        yield Running(system, clockwork, Accounts(system, keys, edges, TABLES))


async def begin(run: Running, plans: Sequence[Plan], say: Said) -> list[CountyRun]:
    """Enter every county and find what ids it was given."""
    begun = []
    for plan in plans:
        county = plan.county
        say(f"正在建 {county.name}：{len(county.schools)} 所学校，{len(county.children)} 名学生 …")
        with run.timed("entering"):
            await run.clockwork.settle()  # what an earlier attempt entered is looked up
            await enter(run.accounts, county)
            await run.clockwork.settle()
        async with run.accounts.edges["enrollment"].service.engine.connect() as conn:
            world = await read_world(conn, county)
        begun.append(CountyRun(plan, world, run.accounts))
    return begun


async def live(
    run: Running,
    counties: Sequence[CountyRun],
    progress: Progress,
    *,
    until: datetime | None = None,
    after: int = 0,
) -> Report:
    """All days after the first `after`, then everybody follows to the end."""
    with run.timed("days"):
        await Days(run.clockwork, counties, progress).run(until=until, after=after)
    with run.timed("following"):
        await run.clockwork.quiet()
    return await report(run, counties)


async def judged(run: Running, counties: Sequence[CountyRun]) -> dict[str, tuple[Judged, ...]]:
    """By county, every kind of duty with how it ended and what was deserved."""
    edge, found = run.accounts.edges["casework"], {}
    moment = await edge.moment()
    for one in counties:
        county = one.plan.county
        pack = moment.rules.pack(county.path_of(county.code), moment.today)
        async with edge.service.engine.connect() as conn:
            found[county.code] = await judge(conn, one, pack, run.clockwork.now)
    return found


async def report(run: Running, counties: Sequence[CountyRun]) -> Report:
    ledgers = [one.plan.county.code for one in counties]
    states: dict[str, dict[str, int]] = {}
    async with run.accounts.edges["casework"].service.engine.connect() as conn:
        for row in await conn.execute(STATES, {"ledgers": ledgers}):
            states.setdefault(row.kind, {})[row.state] = row.n
        found = await reached(conn, run.clockwork.now)
    accounts = run.accounts
    return Report(
        counties=[_told(one) for one in counties],
        commands=accounts.sent,
        through_gateway=accounts.by_gateway,
        refused=accounts.refused,
        states=states,
        reached=found,
        seconds=run.seconds,
    )


def _told(one: CountyRun) -> dict[str, Any]:
    plan = one.plan
    return {
        "code": plan.county.code,
        "name": plan.county.name,
        "schools": len(plan.county.schools),
        "classes": len(plan.county.classes),
        "children": len(plan.county.children),
        "school_days": len(plan.days),
        "rolls": one.rolls_sent,
        "absences": one.absences,
        "stories": len(plan.episodes),
    }
