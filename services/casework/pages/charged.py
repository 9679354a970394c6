"""What a responsibility for one child adds to pages: the name, the form, address and contact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.casework.commands.entries import ENTRIES
from services.casework.pages.actions import BY_NAME
from services.casework.pages.drawing import UNNAMED, command, new_id
from services.casework.pages.questions import ASKED
from services.casework.queries.charged import asked_by
from shared.access_words import Right
from shared.console import Visit
from shared.contracts.words import word
from shared.masked import NOTHING, guardians, open_fields
from shared.rights import charge_of, may, may_open
from shared.sealed import Sealed, SensitivityClass
from shared.web.models.form import Form, FormPage
from shared.web.models.layout import Link
from shared.web.models.masked import Masked

OPEN_CASE = text(
    "select r.stream, c.version from case_row r join current c on c.ledger = r.ledger"
    " and c.stream = r.stream where r.child = :child and r.state <> 'closed'"
    " order by r.stream desc limit 1"
)
# Forms on pages that only offices see.
OF_OFFICES = frozenset(("case", "child"))
# Of what a duty ends by, what whoever answers for the child can do: the first that it asks for.
LENT_FORMS: Mapping[str, str] = {
    "visit_child": "casework.ChildVisited",
    **ENTRIES,
    "file_evidence": "casework.EvidenceFiled",
}
HOME = text("select fields from child where child = :child")
# Of the child's page as much as somebody needs who goes there.
WHERE = ("address", "hukou")
REACHED = ("guardian", "guardianrelation", "phone", "guardian2", "phone2")
PHONES = ("phone", "phone2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A child as a visit needs it; `path` is where the viewer may open it (`shared.masked`)."""

    child: UUID
    path: str
    fields: Mapping[str, Any]

    @property
    def opens(self) -> str:
        return f"/casework/visits/{self.child}/open"


async def home_of(conn: AsyncConnection, found: Visit, row: Any) -> Home:
    """Of the child that a duty is about; nothing but where it lives and how it is reached."""
    stored = (await conn.execute(HOME, {"child": row.child})).scalar() or {}
    fields = {name: stored[name] for name in (*WHERE, *REACHED) if stored.get(name)}
    return Home(child=row.child, path=opened_at(found, row, "contact"), fields=fields)


async def contact(found: Visit, home: Home) -> tuple[tuple[tuple[str, str], ...], list[Masked]]:
    """Where the child lives, in clear, and its guardians with masked phones; as may be opened."""
    if not may_open(found.viewer, "contact", home.path, found.today):
        return (), []
    opened = await open_fields(found, home)
    clear = {name: said for name, said in opened.items() if said not in NOTHING}
    where = tuple((word(name), clear[name]) for name in WHERE if name in clear)
    return where, list(guardians(found, home, opened))


async def reached(found: Visit, row: Any) -> tuple[Masked, ...]:
    """Masked phones beside a call, where it is lent; offices find them on the child's own page."""
    office = may(found.viewer, "alert.decide", row.path, found.today)
    if office or not lends(found, row, "activity.record"):
        return ()
    async with found.edge.service.engine.connect() as conn:
        home = await home_of(conn, found, row)
    return tuple((await contact(found, home))[1])


async def named(found: Visit, rows: Sequence[Any]) -> dict[UUID, str]:
    """The children's names by duty, opened where an office or a responsibility opens them."""
    by_place: dict[str, list[Any]] = {}
    for row in rows:
        if row.child and row.child_name:
            by_place.setdefault(opened_at(found, row, "identity"), []).append(row)
    opened: dict[UUID, str] = {}
    for place, here in by_place.items():
        values = [(str(row.child), "name", msgspec.convert(row.child_name, Sealed)) for row in here]
        texts = await found.reading.open_all(values, place)
        opened |= {row.duty: said for row, said in zip(here, texts, strict=True)}
    return opened


def opened_at(found: Visit, row: Any, cls: SensitivityClass) -> str:
    """The place of a duty's child under which the viewer may open a class."""
    if may_open(found.viewer, cls, row.path, found.today):
        return row.path
    charge = charge_of(found.viewer, row.child, found.today)
    return charge.path if charge else row.path


def lent_form(found: Visit, row: Any) -> str:
    """The command by which a duty about a case or child is done by whom it is lent; else empty.

    The pages of the child and of the case stay shut; the form alone is lent.
    """
    if row.form not in OF_OFFICES or not lends(found, row, "activity.record"):
        return ""
    asked = asked_by(found.moment, row.kind, row.path)
    return next((name for name, event in LENT_FORMS.items() if event in asked), "")


async def entry_form(found: Visit, row: Any, name: str) -> FormPage | None:
    """What is done in the child's open case, without anything that the case holds."""
    async with found.edge.service.engine.connect() as conn:
        case = (await conn.execute(OPEN_CASE, {"child": row.child})).first()
    if case is None:
        return None
    pack, label = found.moment.rules.pack(row.path, found.today), BY_NAME[name].label
    form = Form(
        action=command(name),
        command_id=new_id(),
        version=case.version,
        submit=label,
        fields=ASKED[name](pack, found.moment.now),
        hidden=(("case", case.stream.removeprefix("case-")),),
        cancel=Link(text="不登记了", href="/casework/duties"),
    )
    who = (await named(found, [row])).get(row.duty, UNNAMED)
    return FormPage(title=label, back="/casework/duties", form=form, child=who)


def lends(found: Visit, row: Any, right: Right) -> bool:
    """Whether the duty is the viewer's own and its form what a responsibility lends."""
    if row.child is None or found.viewer.staff not in {str(holder) for holder in row.holders}:
        return False
    charge = charge_of(found.viewer, row.child, found.today)
    return charge is not None and may(found.viewer, right, charge.path, found.today)
