"""Pages that are registers: sections of tables whose cells may lead somewhere."""

from dataclasses import dataclass

from shared.web.models.layout import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`soft` stands below, small; `urgent` means that somebody must act."""

    text: str
    href: str = ""
    soft: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One table; `nothing` stands in its place while it has no rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    nothing: str = ""
    more: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesPage:
    """Template `tables.html`. `filters` lead to sister pages, of which `chosen` is this one."""

    title: str
    about: str
    sections: tuple[Section, ...]
    filters: tuple[Link, ...] = ()
    chosen: str = ""
    actions: tuple[Link, ...] = ()
    back: str = ""
    # Nobody is shown here, so a page may be long; its sections say what stands in each.
    explain: str = ""


def cells(*texts: str) -> tuple[Cell, ...]:
    """A row of plain texts."""
    return tuple(Cell(text=text) for text in texts)
