"""The inbox of one account: what was put there, what has been read, what is not wanted."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from shared.decider import CommandRejected, Decider

# The state must stay small: it is rewritten with every notice. Unread notices beyond the first
# limit can no longer be marked as read one by one; of the read ones only the last are told from
# unknown ones. Older repeats are caught by the command's id.
UNREAD_KEPT = 1000
READ_KEPT = 200


class NoticeUnknown(CommandRejected):
    code = "notice_unknown"


class NotOptional(CommandRejected):
    """The rules do not let anybody switch this off."""

    code = "not_optional"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationQueued:
    notice: UUID
    account: str
    staff: UUID
    kind: str
    child: UUID | None
    about: str
    persons: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRead:
    notice: UUID
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationSent:
    """Somebody above was told of a duty that was not done; `step` as in the kind's `climb`."""

    duty: UUID
    step: int
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceSet:
    """`what`: a kind of notice, or a digest; `on` false: not wanted."""

    account: str
    what: str
    on: bool


InboxEvent: TypeAlias = NotificationQueued | NotificationRead | EscalationSent | PreferenceSet
EVENTS: dict[str, type] = {
    cls.__name__: cls
    for cls in (NotificationQueued, NotificationRead, EscalationSent, PreferenceSet)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """`off`: kinds that the account does not want."""

    unread: tuple[UUID, ...] = ()
    read: tuple[UUID, ...] = ()
    off: tuple[str, ...] = ()


STATES: dict[str, type] = {"inbox": Inbox}


def phase(inbox: Inbox) -> str:
    """An inbox has one phase."""
    return "inbox"


def evolve(inbox: Inbox, event: InboxEvent) -> Inbox:
    """Never refuses: whatever was recorded has happened."""
    match event:
        case NotificationQueued(notice=notice):
            if notice in inbox.unread or notice in inbox.read:
                return inbox
            return replace(inbox, unread=(*inbox.unread, notice)[-UNREAD_KEPT:])
        case NotificationRead(notice=notice):
            left = tuple(other for other in inbox.unread if other != notice)
            if notice in inbox.read:
                return replace(inbox, unread=left)
            return replace(inbox, unread=left, read=(*inbox.read, notice)[-READ_KEPT:])
        case EscalationSent():
            return inbox
        case PreferenceSet(what=what, on=on):
            others = tuple(other for other in inbox.off if other != what)
            return replace(inbox, off=others if on else (*others, what))
        case _:
            assert_never(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueNotice:
    """`persons`: the staff it was resolved to, whoever holds the role later."""

    notice: UUID
    account: str
    staff: UUID
    kind: str
    child: UUID | None
    about: str
    persons: tuple[UUID, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNotice:
    notice: UUID
    account: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TellEscalation:
    """The notice that tells of a duty which climbed, and the step that it stands for."""

    notice: QueueNotice
    duty: UUID
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPreference:
    """`optional`: whether the rules in force let one do without it."""

    account: str
    what: str
    on: bool
    optional: bool
    now: datetime


InboxCommand: TypeAlias = QueueNotice | ReadNotice | TellEscalation | SetPreference
ALLOWED: dict[str, frozenset[type]] = {
    "inbox": frozenset({QueueNotice, ReadNotice, TellEscalation, SetPreference})
}


def decide(command: InboxCommand, inbox: Inbox) -> list[InboxEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case QueueNotice():
            return _queue(command, inbox)
        case ReadNotice():
            return _read(command, inbox)
        case TellEscalation():
            return _escalate(command, inbox)
        case SetPreference():
            return _prefer(command, inbox)
        case _:
            assert_never(command)


def _queue(command: QueueNotice, inbox: Inbox) -> list[InboxEvent]:
    if command.notice in inbox.unread or command.notice in inbox.read:
        return []
    return [
        NotificationQueued(
            notice=command.notice,
            account=command.account,
            staff=command.staff,
            kind=command.kind,
            child=command.child,
            about=command.about,
            persons=command.persons,
        )
    ]


def _read(command: ReadNotice, inbox: Inbox) -> list[InboxEvent]:
    if command.notice in inbox.read:
        return []
    if command.notice not in inbox.unread:
        raise NoticeUnknown("你的消息里没有这一条。刷新后再看。", notice=str(command.notice))
    return [NotificationRead(notice=command.notice, account=command.account)]


def _escalate(command: TellEscalation, inbox: Inbox) -> list[InboxEvent]:
    """Once, with the notice that says it; nobody can switch it off."""
    queued = _queue(command.notice, inbox)
    told = EscalationSent(duty=command.duty, step=command.step, account=command.notice.account)
    return [*queued, told] if queued else []


def _prefer(command: SetPreference, inbox: Inbox) -> list[InboxEvent]:
    if command.on == (command.what not in inbox.off):
        return []
    if not (command.on or command.optional):
        raise NotOptional("这一类按规定必须收到，不能关。", field="what")
    return [PreferenceSet(account=command.account, what=command.what, on=command.on)]


INBOX: Decider[InboxCommand, InboxEvent, Inbox] = Decider(Inbox(), decide, evolve)
