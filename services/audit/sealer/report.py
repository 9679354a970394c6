"""What the sealer says of itself: readiness, problems, each log's last seal, figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from services.audit.sealer.books import Row
from services.audit.sealer.refusals import Refused
from services.audit.sealer.state import Known

# A producer that restarts is no problem; one that stays away leaves its logs unsealed.
AWAY_SECONDS = 60.0
NOT_YET_SECONDS = 60.0


class Figures:
    """Prometheus figures of the sealer, one registry a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        origin = {"labelnames": ["origin"], "registry": self.registry}
        self.size = Gauge("baoxue_log_size", "Entries that audit holds", **origin)
        self.sealed = Gauge("baoxue_sealed_size", "Size of the last checkpoint", **origin)
        self.age = Gauge("baoxue_seal_age_seconds", "Since the last checkpoint", **origin)
        self.refusals = Counter(
            "baoxue_seal_refusals", "Checkpoints refused", ["kind"], registry=self.registry
        )


@dataclass(slots=True)
class Report:
    """Filled by the loop, read by the HTTP edge; times in seconds since 1970."""

    waiting: str = "starting"
    refused: dict[str, Refused] = field(default_factory=dict)
    figures: Figures = field(default_factory=Figures)
    _away: dict[str, float] = field(default_factory=dict)
    _not_yet: dict[str, tuple[float, str]] = field(default_factory=dict)
    _logs: dict[str, dict[str, Any]] = field(default_factory=dict)
    _looked_at: float = 0.0

    def waits(self, reason: str) -> None:
        """Why nothing can be sealed at all; empty when it can."""
        self.waiting = reason

    def away(self, service: str, now: float) -> None:
        self._away.setdefault(service, now)

    def here(self, service: str) -> None:
        self._away.pop(service, None)

    def is_away(self, service: str) -> bool:
        return service in self._away

    def refuse(self, refused: Refused) -> bool:
        """Whether it is another refusal than the one that stands."""
        before = self.refused.get(refused.origin)
        self.refused[refused.origin] = refused
        fresh = before is None or before.fields() != refused.fields()
        if fresh:
            self.figures.refusals.labels(refused.kind).inc()
        return fresh

    def sound(self, origin: str) -> None:
        self.refused.pop(origin, None)
        self._not_yet.pop(origin, None)

    def not_yet(self, origin: str, reason: str, now: float) -> None:
        since = self._not_yet.get(origin, (now, ""))[0]
        self._not_yet[origin] = (since, reason)

    def logs(self, rows: Sequence[Row], known: Mapping[str, Known], now: float) -> None:
        """How far each log is sealed."""
        self._looked_at = now
        self._logs = {row.origin: _log(row, known.get(row.origin), now) for row in rows}
        for origin, one in self._logs.items():
            self.figures.size.labels(origin).set(one["size"])
            self.figures.sealed.labels(origin).set(one["sealed_size"])
            if one["age_seconds"] is not None:
                self.figures.age.labels(origin).set(one["age_seconds"])

    def status(self, now: float) -> dict[str, Any]:
        """Ready means: it looks, nothing is refused, and no source stays away."""
        problems = [f"{one.origin}: refused at {one.seq}: {one.kind}" for one in self._refusals()]
        if self.waiting:
            problems.append(self.waiting)
        problems += [f"{who}: away" for who, at in self._away.items() if now - at > AWAY_SECONDS]
        late = [why for at, why in self._not_yet.values() if now - at > NOT_YET_SECONDS]
        return {
            "service": "sealer",
            "ready": not problems and not late,
            "problems": problems + late,
            "logs": self._logs,
            "refused": [one.fields() for one in self._refusals()],
        }

    def render(self) -> bytes:
        return generate_latest(self.figures.registry)

    def _refusals(self) -> list[Refused]:
        return [self.refused[origin] for origin in sorted(self.refused)]


def _log(row: Row, known: Known | None, now: float) -> dict[str, Any]:
    signed = known is not None and known.signed_size >= 0
    return {
        "size": row.size,
        "sealed_size": max(known.signed_size, 0) if known else 0,
        "sealed_at": known.signed_at if known and signed else None,
        "age_seconds": round(now - known.signed_at, 3) if known and signed else None,
        "frozen": row.frozen_at is not None or bool(known and known.frozen),
    }
