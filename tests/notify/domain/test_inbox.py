"""The inbox of one account."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given as generated
from hypothesis import strategies as st

from services.notify.domain.inbox import (
    INBOX,
    READ_KEPT,
    UNREAD_KEPT,
    NoticeUnknown,
    NotificationQueued,
    NotificationRead,
    QueueNotice,
    ReadNotice,
)
from shared.decider import CommandRejected
from tests.scenario import given

NOW = datetime(2026, 11, 20, tzinfo=UTC)
QUEUE = QueueNotice(
    notice=UUID(int=1),
    account="teacher",
    staff=UUID(int=2),
    kind="alert",
    child=UUID(int=3),
    about="alert-1",
    persons=(UUID(int=2),),
    now=NOW,
)
READ = ReadNotice(notice=UUID(int=1), account="teacher", now=NOW)
QUEUED = NotificationQueued(
    notice=UUID(int=1),
    account="teacher",
    staff=UUID(int=2),
    kind="alert",
    child=UUID(int=3),
    about="alert-1",
    persons=(UUID(int=2),),
)
WAS_READ = NotificationRead(notice=UUID(int=1), account="teacher")


def test_a_notice_is_queued_once_even_after_it_was_read() -> None:
    given(INBOX).when(QUEUE).then(QUEUED)
    given(INBOX, QUEUED).when(QUEUE).then_nothing()
    given(INBOX, QUEUED, WAS_READ).when(QUEUE).then_nothing()


def test_a_notice_is_read_once() -> None:
    given(INBOX, QUEUED).when(READ).then(WAS_READ)
    given(INBOX, QUEUED, WAS_READ).when(READ).then_nothing()


def test_a_notice_that_never_came_cannot_be_read() -> None:
    given(INBOX).when(READ).then_rejected(NoticeUnknown)


def test_the_state_of_an_inbox_stays_small() -> None:
    notices = [replace(QUEUED, notice=UUID(int=n)) for n in range(UNREAD_KEPT + 5)]
    full = INBOX.fold(notices)
    assert len(full.unread) == UNREAD_KEPT
    read = INBOX.fold([replace(WAS_READ, notice=n) for n in full.unread], full)
    assert (len(read.unread), len(read.read)) == (0, READ_KEPT)


def commands() -> st.SearchStrategy[QueueNotice | ReadNotice]:
    numbers = st.integers(1, 4).map(lambda n: UUID(int=n))
    return st.one_of(
        numbers.map(lambda notice: replace(QUEUE, notice=notice)),
        numbers.map(lambda notice: replace(READ, notice=notice)),
    )


@generated(st.lists(commands(), max_size=12), commands())
def test_no_command_takes_effect_twice(
    before: list[QueueNotice | ReadNotice], command: QueueNotice | ReadNotice
) -> None:
    state = INBOX.initial
    for earlier in [*before, command]:
        try:
            state = INBOX.fold(INBOX.decide(earlier, state), state)
        except CommandRejected:
            continue
    try:
        assert INBOX.decide(command, state) == []
    except NoticeUnknown:
        assert isinstance(command, ReadNotice)
