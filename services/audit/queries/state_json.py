"""The stable JSON of a replayed state and its events, opened as far as one may read."""

from collections.abc import Mapping
from typing import Any

from services.audit.projections.texts import texts_of
from services.audit.queries.replay import Replayed, Told
from shared.contracts.sentences import sentence
from shared.contracts.views import as_json
from shared.event import business_day, utc_text
from shared.reading import Reading
from shared.sealed import Sealed

Value = tuple[str, str, Sealed]


async def replay_json(found: Replayed, reading: Reading) -> dict[str, Any]:
    """`{"state": {"child", "attendance", "alerts", "cases"}, "events": […]}`.

    Everything clear comes out of `reading`, which the caller records before it answers.
    """
    subject, path = found.whole.subject, found.whole.path
    day = business_day(found.at or found.known_at)
    state = as_json(found.state, day)
    fields = found.state.child.fields
    sealed = [(subject, name, value) for name, value in fields.items()]
    clear = await reading.open_all(sealed, path)
    state["child"]["fields"] = dict(zip(fields, clear, strict=True))
    reading.touch(subject)
    events = sorted([*found.known, *found.mentioned], key=lambda one: one.entry.recorded_at)
    words = await open_notes(events, reading, path)
    return {"state": state, "events": [event_json(one, words[id(one)]) for one in events]}


async def open_notes(
    events: list[Told], reading: Reading, path: str
) -> Mapping[int, dict[str, str]]:
    """For each entry (by `id`), its own sealed notes in clear, field by field."""
    values: list[Value] = []
    owners: list[tuple[int, str]] = []
    for one in events:
        for text in texts_of(one.envelope):
            if text.sealed and text.field in ("note", "notes"):
                values.append((text.owner, text.field, text.sealed))
                owners.append((id(one), text.field))
    clear = await reading.open_all(values, path) if values else []
    found: dict[int, dict[str, str]] = {id(one): {} for one in events}
    for (owner, field), text in zip(owners, clear, strict=True):
        found[owner][field] = text
    return found


def event_json(one: Told, notes: Mapping[str, str]) -> dict[str, Any]:
    """One event: place, both times, who, under which rules, and what it says."""
    envelope = one.envelope
    return {
        "ledger": envelope.ledger,
        "service": envelope.service,
        "seq": envelope.ledgerseq,
        "type": envelope.type,
        "stream": envelope.stream,
        "subject": envelope.subject,
        "occurred_at": utc_text(envelope.occurred_at),
        "recorded_at": utc_text(envelope.recorded_at),
        "actor": envelope.actorid,
        "actor_role": envelope.actorrole,
        "on_behalf_of": envelope.onbehalfof,
        "via": envelope.via,
        "policy_version": envelope.policyversion,
        "late": one.late,
        "mentioned": one.mentioned,
        "says": sentence(one.entry),
        "notes": dict(notes),
    }
