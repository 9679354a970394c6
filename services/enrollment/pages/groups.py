"""Groups of a child, for those who may read such labels: shown with their days, and their forms."""

from services.enrollment.aggregates import CHILD
from services.enrollment.domain.child_state import InGroup, groups_of
from services.enrollment.pages.drawing import pack_of
from services.enrollment.queries.children import ChildRow
from services.enrollment.queries.states import state_of
from shared.console import Visit
from shared.contracts.words import day_words
from shared.policy.schema import Code
from shared.rights import may_open
from shared.web.models.form import Field, Option

LABEL = "学生类别"
# Labels that the pack restricts are read by those who may read of the family.
RESTRICTED_CLASS = "family"
SOURCES = (
    Option(value="school", label="学校认定"),
    Option(value="village", label="村、乡镇认定"),
    Option(value="document", label="有认定文件"),
    Option(value="roster", label="学籍名册上写明"),
)


async def groups_shown(found: Visit, row: ChildRow) -> list[tuple[str, str]]:
    """One fact with every group of today or later; none for who may not read them."""
    known = _readable(found, row)
    held = [one for one in await _held(found, row) if one.group in known]
    lasting = [one for one in held if one.until is None or one.until >= max(found.today, one.since)]
    said = [f"{known[one.group].zh}（{_days(one)}）" for one in lasting]
    return [(LABEL, "、".join(said))] if said else []


async def tag_fields(found: Visit, row: ChildRow) -> tuple[Field, ...]:
    """Which group, from when to when, on whose word."""
    groups = _options(list(_readable(found, row).values()))
    today = (found.today.isoformat(),)
    return (
        Field(name="group", label=LABEL, kind="choice", options=groups, required=True),
        Field(name="since", label="从", kind="date", value=today, required=True),
        Field(name="until", label="到（含）", kind="date", hint="一直算，就不填"),
        Field(name="source", label="谁认定的", kind="choice", options=SOURCES, value=("school",)),
    )


async def untag_fields(found: Visit, row: ChildRow) -> tuple[Field, ...]:
    """Only what the child is one of is offered."""
    known = _readable(found, row)
    held = {one.group for one in await _held(found, row) if one.on(found.today)}
    groups = _options([entry for code, entry in known.items() if code in held])
    hint = "" if groups else "现在没有归入任何一类"
    today = (found.today.isoformat(),)
    return (
        Field(name="group", label=LABEL, kind="choice", options=groups, hint=hint, required=True),
        Field(name="on", label="从哪天起不再算", kind="date", value=today, required=True),
    )


async def _held(found: Visit, row: ChildRow) -> tuple[InGroup, ...]:
    async with found.edge.service.engine.connect() as conn:
        state = await state_of(conn, row.ledger, CHILD, f"{CHILD.prefix}{row.child}")
    return groups_of(state)


def _readable(found: Visit, row: ChildRow) -> dict[str, Code]:
    opens = may_open(found.viewer, RESTRICTED_CLASS, row.path, found.today)
    known = pack_of(found, row.path).file.codes.groups
    return {entry.code: entry for entry in known if opens or not entry.restricted}


def _options(entries: list[Code]) -> tuple[Option, ...]:
    return tuple(Option(value=entry.code, label=entry.zh) for entry in entries)


def _days(one: InGroup) -> str:
    begun = f"{day_words(one.since)} 起"
    return begun if one.until is None else f"{begun}，到 {day_words(one.until)}"
