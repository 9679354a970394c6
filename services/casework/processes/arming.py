"""A duty that is to be armed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.casework.duties.facts import Fact
from services.casework.queries.holding import Place
from shared.policy.duty_schema import DutyKind
from shared.policy.pack import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Arming:
    """One duty to arm: of which kind, about what, since when, and what it is called by."""

    code: str
    kind: DutyKind
    pack: Pack
    place: Place
    target: str
    period: str
    starts_at: datetime
    began_at: datetime
    fact: Fact | None = None
    holder: UUID | None = None
