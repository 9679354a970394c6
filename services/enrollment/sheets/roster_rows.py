"""A child as a roster names it."""

from dataclasses import dataclass
from datetime import date

from services.enrollment.domain.identity import Sex
from services.enrollment.sheets.parsed import ClassRef


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """A child as a roster names it. `name_key` is what names are compared by; codes are those of
    the national form (`sex` GB/T 2261.1, `ethnic` GB/T 3304, `left_behind` 0, 1, 2 or 9 = yes,
    `boarding` 1 or 2, `disability` GB/T 2261.3 or empty for none, `groups` as words); None means:
    the file is silent.
    """

    sheet: str
    row: int
    name: str
    name_key: str
    school_code: str
    school_name: str
    class_: ClassRef
    sex: Sex | None = None
    birth_date: date | None = None
    id_type: str | None = None
    id_number: str | None = None
    student_number: str | None = None
    ethnic: str | None = None
    hukou: str | None = None
    address: str | None = None
    guardian: str | None = None
    guardian_relation: str | None = None
    phone: str | None = None
    left_behind: str | None = None
    migrant: bool | None = None
    orphan: bool | None = None
    disability: str | None = None
    boarding: str | None = None
    from_date: date | None = None
    term: str | None = None
    township: str | None = None
    groups: tuple[str, ...] | None = None
    village: str | None = None
