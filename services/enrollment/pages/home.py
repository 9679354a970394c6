"""The village of a child's household: shown among its facts, and the form that records it."""

from services.enrollment.aggregates import CHILD
from services.enrollment.domain.child_state import Home, home_of
from services.enrollment.pages.groups import SOURCES
from services.enrollment.queries.children import ChildRow
from services.enrollment.queries.states import state_of
from services.enrollment.queries.villages import Village, villages_of
from shared.console import Visit
from shared.contracts.words import day_words
from shared.web.models.form import Field, Option

LABEL = "所在村"
HINT = "全县的村都在，学校所在乡镇的排在前面"
NONE = "不属于任何村"


async def village_shown(found: Visit, row: ChildRow) -> list[tuple[str, str]]:
    home, villages = await _home(found, row)
    label = next((one.label for one in villages if home and one.code == home.village), None)
    return [(LABEL, f"{label}（{day_words(home.on)} 起）")] if home and label else []


async def village_fields(found: Visit, row: ChildRow) -> tuple[Field, ...]:
    home, villages = await _home(found, row)
    # Most children live near their school; the order of a county's villages stays otherwise.
    near_first = sorted(villages, key=lambda one: one.township not in row.path.split("/"))
    listed = tuple(Option(value=one.code, label=one.label) for one in near_first)
    value = (home.village,) if home and home.village else ()
    today = (found.today.isoformat(),)
    return (
        Field(
            name="village",
            label=LABEL,
            kind="list",
            options=(Option(value="", label=NONE), *listed),
            hint=HINT,
            value=value,
        ),
        Field(name="on", label="从", kind="date", value=today, required=True),
        Field(name="source", label="谁认定的", kind="choice", options=SOURCES, value=("school",)),
    )


async def _home(found: Visit, row: ChildRow) -> tuple[Home | None, list[Village]]:
    async with found.edge.service.engine.connect() as conn:
        state = await state_of(conn, row.ledger, CHILD, f"{CHILD.prefix}{row.child}")
        return home_of(state), await villages_of(conn, row.ledger)
