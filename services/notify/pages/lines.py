"""Duties as lines of a page: title, when it is due, one tap from the form that fulfils it."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from shared.console import Visit
from shared.contracts.words import until_words
from shared.rights import charge_of, may_open
from shared.rulebook import RulesMissing
from shared.sealed import Sealed
from shared.web.models.today import Duty

UNNAMED = "（没有姓名）"
ENDED = {"satisfied": "已办", "late": "已办，迟了", "cancelled": "不用办了"}


async def opened(found: Visit, rows: Mapping[UUID, Any]) -> dict[UUID, str]:
    """The children's names by duty, opened where they sit today and recorded with the page."""
    names: dict[UUID, str] = {}
    by_path: dict[str, list[Any]] = {}
    for row in rows.values():
        if row.name is not None and row.child is not None:
            by_path.setdefault(opened_at(found, row.child, row.child_path), []).append(row)
    for path, some in by_path.items():
        sealed = [(str(row.child), "name", msgspec.convert(row.name, Sealed)) for row in some]
        texts = await found.reading.open_all(sealed, path)
        names |= {row.duty: text for row, text in zip(some, texts, strict=True)}
    return names


def opened_at(found: Visit, child: UUID, path: str) -> str:
    """Where the viewer may open the child's name: where it sits, else as they answer for it."""
    held = charge_of(found.viewer, child, found.today)
    own = may_open(found.viewer, "identity", path, found.today)
    return held.path if held and not own else path


def kind_words(found: Visit, kind: str, path: str) -> str:
    """What the rules in force call a kind of duty; its code where they do not know it."""
    try:
        known = found.moment.rules.pack(path, found.today).file.duties.get(kind)
    except RulesMissing:
        return kind
    return known.zh if known else kind


def about(found: Visit, row: Any, names: Mapping[UUID, str]) -> str:
    """Whom or what it is about, and what is to be done."""
    who = names.get(row.duty, UNNAMED) if row.child else (row.klass or row.unit or "")
    what = kind_words(found, row.kind, row.path)
    return f"{who}：{what}" if who else what


def lines(
    found: Visit, items: Sequence[Any], rows: Mapping[UUID, Any], names: Mapping[UUID, str]
) -> tuple[Duty, ...]:
    """Every item of a digest, in its order; what was done meanwhile says so."""
    return tuple(_line(found, item, rows.get(item.duty), names) for item in items)


def _line(found: Visit, item: Any, row: Any | None, names: Mapping[UUID, str]) -> Duty:
    done = ENDED.get(row.state, "") if row else ENDED["satisfied"]
    late = item.due_at < found.moment.now and not done
    place = " ".join(filter(None, (row.unit, row.klass))) if row and row.child else ""
    return Duty(
        title=about(found, row, names) if row else kind_words(found, item.kind, ""),
        href=href(item.duty),
        detail=" ".join(filter(None, (place, done))),
        due=f"{until_words(item.due_at)} 前",
        late="已超期" if late else "",
    )


def href(duty: UUID) -> str:
    """One tap from the form that fulfils it: casework knows which one that is."""
    return f"/casework/duties/{duty}/do"
