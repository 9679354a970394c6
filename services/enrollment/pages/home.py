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
# A county has hundreds of villages: the form offers those around the school.
ELSEWHERE = "这里只列本乡镇的村；别处的村，用名册的“所在村”一列导入"


async def village_shown(found: Visit, row: ChildRow) -> list[tuple[str, str]]:
    home, villages = await _home(found, row)
    label = next((one.label for one in villages if home and one.code == home.village), None)
    return [(LABEL, f"{label}（{day_words(home.on)} 起）")] if home and label else []


async def village_fields(found: Visit, row: ChildRow) -> tuple[Field, ...]:
    home, villages = await _home(found, row)
    near = [one for one in villages if one.township in row.path.split("/") or _is(home, one)]
    listed = tuple(Option(value=one.code, label=one.label) for one in near)
    value = (home.village,) if home and home.village else ()
    today = (found.today.isoformat(),)
    return (
        Field(
            name="village", label=LABEL, kind="choice", options=listed, hint=ELSEWHERE, value=value
        ),
        Field(name="on", label="从", kind="date", value=today, required=True),
        Field(name="source", label="谁认定的", kind="choice", options=SOURCES, value=("school",)),
    )


def _is(home: Home | None, one: Village) -> bool:
    return home is not None and home.village == one.code


async def _home(found: Visit, row: ChildRow) -> tuple[Home | None, list[Village]]:
    async with found.edge.service.engine.connect() as conn:
        state = await state_of(conn, row.ledger, CHILD, f"{CHILD.prefix}{row.child}")
        return home_of(state), await villages_of(conn, row.ledger)
