"""What people log in a case: visits, calls, talks, contacts, persuasion, return notices."""

from datetime import date, datetime

from services.casework.commands.cases import CaseFields, case_command
from services.casework.commands.records import Acting
from services.casework.domain import case_commands as domain

# What somebody does with a child and decides nothing by: whoever answers for it does it as well.
ENTRIES = {
    "attempt_persuasion": "casework.PersuasionAttempted",
    "log_home_visit": "casework.HomeVisitLogged",
    "log_phone_follow_up": "casework.PhoneFollowUpLogged",
    "log_heart_talk": "casework.HeartTalkLogged",
    "log_guardian_contact": "casework.GuardianContactLogged",
}


class VisitFields(CaseFields, frozen=True):
    visited_at: datetime
    outcome: str
    purpose: str = "follow_up"
    met: list[str] = []  # noqa: RUF012  msgspec copies an empty list for each struct
    notes: str | None = None


class CallFields(CaseFields, frozen=True):
    called_at: datetime
    disposition: str
    notes: str | None = None


class TalkFields(CaseFields, frozen=True):
    talked_at: datetime
    with_whom: list[str]
    notes: str | None = None


class ContactFields(CaseFields, frozen=True):
    contacted_at: datetime
    channel: str
    outcome: str
    notes: str | None = None


class PersuadeFields(CaseFields, frozen=True):
    """`by`: roles of who went; without them the role acted in."""

    attempted_at: datetime
    methods: list[str]
    outcome: str
    by: list[str] = []  # noqa: RUF012  msgspec copies an empty list for each struct
    next_attempt_on: date | None = None
    notes: str | None = None


class NoticeFields(CaseFields, frozen=True):
    number: str
    issued_on: date
    return_by: date
    served_on: date | None = None
    receiver: str | None = None
    method: str | None = None


async def _visit(act: Acting, given: VisitFields) -> object:
    return domain.LogHomeVisit(
        visited_at=given.visited_at,
        purpose=act.code("visit_purposes", "purpose", given.purpose),
        met=act.codes("people_met", "met", given.met),
        outcome=act.code("outcomes", "outcome", given.outcome),
        now=act.moment.now,
        notes=await act.seal("notes", given.notes),
    )


async def _call(act: Acting, given: CallFields) -> object:
    return domain.LogPhoneFollowUp(
        called_at=given.called_at,
        disposition=act.code("dispositions", "disposition", given.disposition),
        now=act.moment.now,
        notes=await act.seal("notes", given.notes),
    )


async def _talk(act: Acting, given: TalkFields) -> object:
    return domain.LogHeartTalk(
        talked_at=given.talked_at,
        with_whom=act.codes("people_met", "with_whom", given.with_whom),
        now=act.moment.now,
        notes=await act.seal("notes", given.notes),
    )


async def _contact(act: Acting, given: ContactFields) -> object:
    return domain.LogGuardianContact(
        contacted_at=given.contacted_at,
        channel=act.code("contact_channels", "channel", given.channel),
        outcome=act.code("dispositions", "outcome", given.outcome),
        now=act.moment.now,
        notes=await act.seal("notes", given.notes),
    )


async def _persuade(act: Acting, given: PersuadeFields) -> object:
    return domain.AttemptPersuasion(
        attempted_at=given.attempted_at,
        methods=act.codes("methods", "methods", given.methods),
        by=tuple(given.by) or (act.grant.role,),
        outcome=act.code("outcomes", "outcome", given.outcome),
        now=act.moment.now,
        next_attempt_on=given.next_attempt_on,
        notes=await act.seal("notes", given.notes),
    )


async def _notice(act: Acting, given: NoticeFields) -> object:
    receiver, method = given.receiver, given.method
    return domain.RecordReturnNotice(
        number=given.number,
        issued_on=given.issued_on,
        return_by=given.return_by,
        now=act.moment.now,
        served_on=given.served_on,
        receiver=receiver and act.code("people_met", "receiver", receiver),
        method=method and act.code("serving_methods", "method", method),
    )


COMMANDS = (
    case_command("log_home_visit", VisitFields, _visit, records=ENTRIES["log_home_visit"]),
    case_command("log_phone_follow_up", CallFields, _call, records=ENTRIES["log_phone_follow_up"]),
    case_command("log_heart_talk", TalkFields, _talk, records=ENTRIES["log_heart_talk"]),
    case_command(
        "log_guardian_contact", ContactFields, _contact, records=ENTRIES["log_guardian_contact"]
    ),
    case_command(
        "attempt_persuasion", PersuadeFields, _persuade, records=ENTRIES["attempt_persuasion"]
    ),
    case_command("record_return_notice", NoticeFields, _notice),
)
