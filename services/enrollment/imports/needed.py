"""Of the places that a file would found, those that its good rows need."""

from collections.abc import Mapping

from services.enrollment.imports.deeds import (
    FoundClass,
    FoundSchool,
    FoundTownship,
    MoveSchool,
    PutChild,
    PutStaff,
    TakeClass,
)
from services.enrollment.imports.findings import Findings
from services.enrollment.sheets.parsed import Fault


def keep_needed(found: Findings, notes: Mapping[str, Fault]) -> None:
    """Drop classes that no deed uses, then schools without class or people, then townships.

    A class stands in the deeds from the first row that names it, also when all of its rows are
    refused later. `notes`: by code or id of what was founded, the warning that goes with it.
    """
    classes = _classes(found)
    gone = [d for d in found.deeds if isinstance(d, FoundClass) and str(d.klass) not in classes]
    _drop(found, notes, {str(one.klass): one for one in gone})
    schools = {d.school for d in found.deeds if isinstance(d, FoundClass | PutChild)}
    schools |= {d.unit for d in found.deeds if isinstance(d, PutStaff)}
    idle = [d for d in found.deeds if isinstance(d, FoundSchool) and d.code not in schools]
    _drop(found, notes, {one.code: one for one in idle})
    above = {d.parent_path for d in found.deeds if isinstance(d, FoundSchool | MoveSchool)}
    empty = [
        d
        for d in found.deeds
        if isinstance(d, FoundTownship) and f"{d.parent_path}/{d.code}" not in above
    ]
    _drop(found, notes, {one.code: one for one in empty})


def _classes(found: Findings) -> set[str]:
    used: set[str] = set()
    for deed in found.deeds:
        match deed:
            case PutChild(klass=klass) if klass is not None:
                used.add(str(klass))
            case TakeClass(klass=klass):
                used.add(str(klass))
            case PutStaff(posts=posts):
                used |= {post.unit for post in posts}
            case _:
                pass
    return used


def _drop(found: Findings, notes: Mapping[str, Fault], gone: Mapping[str, object]) -> None:
    if not gone:
        return
    ids = {id(deed) for deed in gone.values()}
    said = {id(notes[key]) for key in gone if key in notes}
    found.deeds = [deed for deed in found.deeds if id(deed) not in ids]
    found.warnings = [note for note in found.warnings if id(note) not in said]
