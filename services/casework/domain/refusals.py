"""Why alerts, cases and rules refuse a command; each code is stable."""

from shared.decider import CommandRejected


class NotInThisPhase(CommandRejected):
    """The command has no place in the state the record is in."""

    code = "not_in_this_phase"


class NeedsPerson(CommandRejected):
    """Only a person decides about a child, never a rule."""

    code = "needs_person"


class ReasonNeeded(CommandRejected):
    code = "reason_needed"


class RunNeeded(CommandRejected):
    """A flag by streak without its run of days."""

    code = "run_needed"


class SignNeeded(CommandRejected):
    code = "sign_needed"


class NotDue(CommandRejected):
    code = "not_due"


class AlreadyLogged(CommandRejected):
    """An entry of that kind and time is there; the words may differ, so it is not dropped."""

    code = "already_logged"


class CauseNeeded(CommandRejected):
    code = "cause_needed"


class EvidenceNeeded(CommandRejected):
    code = "evidence_needed"


class StepsOpen(CommandRejected):
    """Closing before the work is done; `steps` are the codes of what remains."""

    code = "steps_open"


class NoticeDates(CommandRejected):
    """Dates of a notice that contradict each other."""

    code = "notice_dates"


class NoticeService(CommandRejected):
    """A served notice without receiver or method, or either of them without a date."""

    code = "notice_service"


class NoticeTaken(CommandRejected):
    """The number stands for another notice, or its service is already recorded otherwise."""

    code = "notice_taken"


class DetailNeeded(CommandRejected):
    """A field that the entry makes no sense without."""

    code = "detail_needed"


class TooEarly(CommandRejected):
    """Rules that would take effect before the next day."""

    code = "too_early"


class NotADigest(CommandRejected):
    code = "not_a_digest"


class BasisNeeded(CommandRejected):
    code = "basis_needed"
