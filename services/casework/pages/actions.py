"""What can be done in a case: the domain's commands, the forms for them, the right each needs."""

from dataclasses import dataclass

from services.casework.domain import case_commands as domain
from services.casework.domain.alert import LogObservation
from services.casework.domain.case import ALLOWED
from shared.access_words import Right


@dataclass(frozen=True, slots=True)
class Action:
    """`name` is the command's in the table and the form's in the path."""

    name: str
    label: str
    right: Right = "case.work"


# In the order of the work. Commands that only rules and corrections give have no form.
ACTIONS: dict[type, Action] = {
    domain.LogHomeVisit: Action("log_home_visit", "登记家访"),
    domain.LogPhoneFollowUp: Action("log_phone_follow_up", "登记电话"),
    domain.LogHeartTalk: Action("log_heart_talk", "登记谈心"),
    domain.LogGuardianContact: Action("log_guardian_contact", "登记联系家长"),
    domain.RecordCause: Action("record_cause", "写明原因"),
    domain.ReportDropout: Action("report_dropout", "上报"),
    domain.AssignCase: Action("assign_case", "指定负责人"),
    domain.ConfirmDropout: Action("confirm_dropout", "确认辍学"),
    domain.AttemptPersuasion: Action("attempt_persuasion", "登记劝返"),
    domain.RecordReturnNotice: Action("record_return_notice", "登记返校通知书"),
    domain.ReportWhereaboutsUnknown: Action("report_whereabouts_unknown", "登记去向不明"),
    domain.ReportWhereabouts: Action("report_whereabouts", "登记去向"),
    domain.Reinstate: Action("reinstate", "登记复学"),
    LogObservation: Action("log_observation", "登记复学观察"),
    domain.DetectRelapse: Action("report_relapse", "登记复辍"),
    domain.CloseCase: Action("close_case", "销号", "case.close"),
    domain.ReopenCase: Action("reopen_case", "重新立案", "case.close"),
}
BY_NAME = {action.name: action for action in ACTIONS.values()}
# An open step → the action that does it first.
FOR_STEP = {
    "assign": "assign_case",
    "report": "report_dropout",
    "record_cause": "record_cause",
    "heart_talk": "log_heart_talk",
    "home_visit": "log_home_visit",
    "find": "report_whereabouts",
    "persuade": "attempt_persuasion",
    "return_notice": "record_return_notice",
    "serve_notice": "record_return_notice",
    "reinstate": "reinstate",
    "log_observations": "log_observation",
    "close": "close_case",
}


def allowed_in(state: str) -> list[Action]:
    """What the domain takes in a case of this state."""
    return [action for kind, action in ACTIONS.items() if kind in ALLOWED[state]]


def in_order(state: str, steps: list[str]) -> list[Action]:
    """What is allowed, the next open step's action first."""
    next_up = [FOR_STEP[step] for step in steps if step in FOR_STEP]

    def rank(action: Action) -> int:
        return next_up.index(action.name) if action.name in next_up else len(next_up)

    return sorted(allowed_in(state), key=rank)
