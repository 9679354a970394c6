"""The inbox of one account: what was put there, and what has been read."""

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


InboxEvent: TypeAlias = NotificationQueued | NotificationRead
EVENTS: dict[str, type] = {cls.__name__: cls for cls in (NotificationQueued, NotificationRead)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    unread: tuple[UUID, ...] = ()
    read: tuple[UUID, ...] = ()


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


InboxCommand: TypeAlias = QueueNotice | ReadNotice
ALLOWED: dict[str, frozenset[type]] = {"inbox": frozenset({QueueNotice, ReadNotice})}


def decide(command: InboxCommand, inbox: Inbox) -> list[InboxEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case QueueNotice():
            return _queue(command, inbox)
        case ReadNotice():
            return _read(command, inbox)
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


INBOX: Decider[InboxCommand, InboxEvent, Inbox] = Decider(Inbox(), decide, evolve)
