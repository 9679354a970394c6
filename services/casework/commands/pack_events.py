"""What a pack that is handed in says of events: a slip there would arm, count or end nothing."""

from collections.abc import Iterator

from shared.contracts.decode import EVENTS
from shared.policy.duty_schema import DutyKind, When
from shared.policy.pack import Pack

# The forms that the console has for duties.
FORMS = frozenset(
    (
        "case",
        "child",
        "digest",
        "evidence",
        "leave_call",
        "meeting",
        "plan",
        "publicity",
        "review",
        "roll",
        "self_check",
        "survey",
        "visit",
    )
)

Fault = tuple[str, str]


def slips(pack: Pack) -> Iterator[Fault]:
    """Path and reason of each. A pack may be ahead of the program: an event that no contract
    knows yet is taken, a field that a known one has not is a slip.
    """
    for code, duty in pack.file.duties.items():
        yield from ((f"duties.{code}{where}", why) for where, why in _of_duty(duty))


def _of_duty(duty: DutyKind) -> Iterator[Fault]:
    if duty.form not in FORMS:
        yield ".form", f"没有表单 {duty.form}，可以写：{'、'.join(sorted(FORMS))}"
    arm = duty.arm
    if arm.event is not None:
        yield from _of_when(When(event=arm.event, where=arm.where), ".arm")
        if duty.due.field is not None and _lacks(arm.event, duty.due.field):
            yield ".due.field", f"{arm.event} 没有字段 {duty.due.field}"
    lists = ((".arm.also", arm.also), (".evidence", duty.evidence), (".cancel", duty.cancel))
    for name, whens in lists:
        for position, when in enumerate(whens):
            yield from _of_when(when, f"{name}[{position}]")


def _of_when(when: When, place: str) -> Iterator[Fault]:
    for field in when.where:
        if _lacks(when.event, field):
            yield f"{place}.where", f"{when.event} 没有字段 {field}"


def _lacks(event: str, field: str) -> bool:
    known = EVENTS.get(event)
    return known is not None and field not in known.__struct_fields__
