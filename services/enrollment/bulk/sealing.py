"""Personal values are sealed before the append: one keyring call for all people of a bulk."""

from collections.abc import Mapping, Sequence

from services.enrollment.domain.codes import CHILD_CLASSES, STAFF_CLASSES, FieldUnknown
from shared.edge import Edge
from shared.keyring import Keys
from shared.sealed import Sealed, SensitivityClass, open_sealed, seal

PURPOSE = "registry"
Classes = Mapping[str, SensitivityClass]


async def keys_of(
    edge: Edge, ledger: str, subjects: Sequence[str], classes: Classes, fields: set[str]
) -> Keys:
    """Keys for these fields of all subjects, made where missing. Raises FieldUnknown."""
    for name in fields:
        if name not in classes:
            raise FieldUnknown(f"没有“{name}”这一项。请去掉后重新提交。", field=name)
    wanted: list[SensitivityClass] = sorted({classes[name] for name in fields})
    return await edge.keyring.keys_for(subjects, PURPOSE, wanted, create=True, ledger=ledger)


async def seal_people(
    edge: Edge, ledger: str, people: Sequence[tuple[str, Mapping[str, str]]], classes: Classes
) -> list[dict[str, Sealed]]:
    """(subject, clear fields) of each person, sealed, in order. Raises FieldUnknown."""
    fields = {name for _, values in people for name in values}
    keys = await keys_of(edge, ledger, [subject for subject, _ in people], classes, fields)
    return [
        {
            name: seal(text, subject, classes[name], name, keys.of(subject, classes[name]))
            for name, text in values.items()
        }
        for subject, values in people
    ]


async def seal_changes(
    edge: Edge,
    ledger: str,
    subject: str,
    held: Mapping[str, Sealed],
    wanted: Mapping[str, str | None],
    classes: Classes,
) -> dict[str, Sealed | None]:
    """What of `wanted` differs from the opened values held, sealed; None takes a value away."""
    keys = await keys_of(edge, ledger, [subject], classes, set(wanted))
    changes: dict[str, Sealed | None] = {}
    for name, text in wanted.items():
        key = keys.of(subject, classes[name])
        before = open_sealed(held[name], subject, name, key) if name in held else None
        if text != before:
            changes[name] = None if text is None else seal(text, subject, classes[name], name, key)
    return changes


CHILDREN: Classes = CHILD_CLASSES
STAFF: Classes = STAFF_CLASSES
