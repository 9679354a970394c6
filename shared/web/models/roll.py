"""The roll of a class: before it is sent, and after (templates `roll.html`, `roll_sent.html`)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from shared.web.models.form import Form, Option
from shared.web.models.layout import Link

Leave = Literal["sick", "personal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pupil:
    """One place of the sheet, in seat order. `leave` is approved leave that comes in by itself."""

    child: str
    seat: int
    name: str
    leave: Leave | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RollPage:
    """Template `roll.html`. `form` posts, beside its hidden fields, `on`, and each child's id once:
    `present`, `unexcused`, `sick` or `personal`. `form.check` answers for a command id.

    `corrects` says that a roll of that day stands already, and by whom; empty for a first roll.
    """

    title: str
    class_name: str
    on: date
    cut_off: datetime | None
    pupils: tuple[Pupil, ...]
    form: Form
    back: str
    draft_key: str
    corrects: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonRow:
    """Fragment `parts/roll_reason.html`: why one child is not there; a tap posts `reason=<code>`
    with `child`, `command_id`, `version` and what `hidden` names. Without a `version` rows of one
    sheet do not refuse each other.

    The answer to the tap is this fragment again with the new `version`. `warning` is the sentence
    about a run of days; `dial` calls a guardian.
    """

    child: str
    seat: int
    name: str
    reasons: tuple[Option, ...]
    chosen: str
    action: str
    command_id: str
    version: int | None
    hidden: tuple[tuple[str, str], ...] = ()
    warning: str = ""
    dial: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollSentPage:
    """Template `roll_sent.html`. `recall` is None once the window has passed."""

    title: str
    on: date
    sent_at: datetime
    enrolled: int
    present: int
    on_leave: int
    absent: int
    settles_at: datetime
    recall: Form | None
    reasons: tuple[ReasonRow, ...]
    back: str
    correct: Link | None = None
