"""When checks run: the tail every few seconds, everything at night, and at once when asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic

import structlog
from sqlalchemy import text

from services.audit.checks.incidents import Incidents, Outcome, open_findings
from services.audit.checks.logs import Log, standing
from services.audit.checks.searchable import Searchable
from services.audit.checks.stores import OtherStore, OwnStore, Store
from services.audit.checks.trust import verifiers
from services.audit.checks.whole import PARTS, Checker, Progress, Told
from services.audit.ledger.succession import INCIDENTS
from shared import access
from shared.contracts.topics import SERVICES
from shared.edge import Edge
from shared.event import SHANGHAI
from shared.integrity import Finding

log = structlog.get_logger()

TAIL_SECONDS = 40.0
NIGHTLY_HOUR = 2
NIGHT_POLL_SECONDS = 60.0
NOW = text("select clock_timestamp()")


@dataclass(slots=True)
class Watch:
    """The checks of one process of audit; `busy` while a full one runs, which only one does."""

    edge: Edge
    home: Path
    tail_seconds: float = TAIL_SECONDS
    nightly_hour: int = NIGHTLY_HOUR
    findings: int = 0
    progress: dict[str, Progress] = field(default_factory=dict)
    parts: frozenset[str] = PARTS
    other_stores: Mapping[str, Store] | None = None
    _full: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def busy(self) -> bool:
        return self._full.locked()

    def told(self) -> dict[str, object]:
        """What status and readiness say of it; tampering is shown here and stops nothing."""
        return {"findings": self.findings, "checking": self.busy, "run": "baoxue fsck"}

    def incidents(self) -> Incidents:
        return Incidents(self.edge.service.engine, self.edge.service.waking)

    def checker(self) -> Checker:
        edge, service = self.edge, self.edge.service
        stores: dict[str, Store] = {
            name: OtherStore(service.feeds[name]) for name in SERVICES if name != service.name
        }
        if self.other_stores is not None:
            stores = dict(self.other_stores)
        kinds = (*service.aggregates, INCIDENTS, access.aggregate(service.name))
        stores[service.name] = OwnStore(service.engine, service.name, kinds)
        return Checker(
            engine=service.engine,
            stores=stores,
            verifiers=verifiers(self.home),
            searchable=Searchable(service.engine, edge.keyring, edge.rulebook),
            parts=self.parts,
        )

    async def tails(self) -> None:
        """For ever: look at the newest entries of every log, and at their rows in the stores."""
        while True:
            began = monotonic()
            try:
                await self.tail_once()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("tail_check_waits", reason=f"{type(error).__name__}: {error}"[:200])
            await asyncio.sleep(max(0.0, self.tail_seconds - (monotonic() - began)))

    async def tail_once(self) -> list[Finding]:
        """One look at every tail; what it found."""
        checker, found = self.checker(), list[Finding]()
        for one in await standing(self.edge.service.engine):
            began = await self._now()
            findings, away = await checker.tail(one)
            await self._keep("tail", one, began, findings, away)
            found += findings
        await self._count()
        return found

    async def nights(self) -> None:
        """For ever: once a night, at the hour of the machine's clock, everything."""
        done = (await self._now()).astimezone(SHANGHAI).date()
        while True:
            now = (await self._now()).astimezone(SHANGHAI)
            if now.date() > done and now.hour >= self.nightly_hour:
                done = now.date()
                await self.run_quietly()
            await asyncio.sleep(NIGHT_POLL_SECONDS)

    async def run_quietly(self) -> None:
        """A full check for which nobody waits."""
        try:
            async for _ in self.full():
                pass
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.error("full_check_stopped", reason=f"{type(error).__name__}: {error}"[:200])

    async def full(self, wanted: Callable[[Log], bool] = lambda _log: True) -> AsyncIterator[Told]:
        """Check the wanted logs to their ends; findings and progress as they come."""
        async with self._full:
            self.progress = {}
            checker = self.checker()
            for one in [log for log in await standing(self.edge.service.engine) if wanted(log)]:
                async for told in self._log(checker, one):
                    yield told
            await self._count()

    async def _log(self, checker: Checker, one: Log) -> AsyncIterator[Told]:
        began, findings, away = await self._now(), list[Finding](), ""
        async for told in checker.log(one):
            if isinstance(told, Finding):
                findings.append(told)
            else:
                self.progress[one.origin], away = told, told.away
            yield told
        await self._keep("full", one, began, findings, away)

    async def _keep(
        self, kind: str, one: Log, began: datetime, findings: list[Finding], away: str
    ) -> None:
        outcome = Outcome(
            kind="full" if kind == "full" else "tail",
            ledger=one.ledger,
            service=one.service,
            began=began,
            entries=one.end,
            findings=findings,
            away=away,
        )
        await self.incidents().keep(outcome)

    async def _count(self) -> None:
        service = self.edge.service
        self.findings = await open_findings(service.engine)
        service.metrics.integrity_findings.set(self.findings)

    async def _now(self) -> datetime:
        """The machine's time, as the database's server has it: a simulated clock may stand."""
        async with self.edge.service.engine.connect() as conn:
            return (await conn.execute(NOW)).scalar_one()
