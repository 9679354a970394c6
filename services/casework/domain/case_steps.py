"""What remains to be done in a case before it may be closed."""

from datetime import date

from services.casework.domain.case_state import (
    Case,
    Closed,
    Confirmed,
    Observing,
    Unopened,
    Working,
)

STEP_NAMES: dict[str, str] = {
    "assign": "指定负责人",
    "report": "上报",
    "record_cause": "写明原因",
    "heart_talk": "谈心",
    "home_visit": "家访",
    "find": "查清去向",
    "persuade": "劝返",
    "return_notice": "开返校通知书",
    "serve_notice": "送达返校通知书",
    "review_attendance": "看出勤更正",
    "reinstate": "登记复学",
    "log_observations": "记复学观察",
    "finish_observation": "等观察期满",
    "close": "销号",
}


def open_steps(case: Case, today: date | None = None) -> tuple[str, ...]:
    """Codes of STEP_NAMES in the order of the work; without `today` an observation still runs."""
    if isinstance(case, Unopened | Closed):
        return ()
    return (*_missing(case), *_of_phase(case, today), "close")


def blocking(case: Case, today: date) -> tuple[str, ...]:
    """The steps that stand between a returned child and the closed case."""
    return tuple(step for step in open_steps(case, today) if step != "close")


def _missing(case: Working) -> list[str]:
    steps = []
    if case.owner is None:
        steps.append("assign")
    if not case.reported:
        steps.append("report")
    if not case.causes:
        steps.append("record_cause")
    return steps + [step for step in ("heart_talk", "home_visit") if step not in case.done]


def _of_phase(case: Working, today: date | None) -> list[str]:
    if isinstance(case, Observing):
        return _observation(case, today)
    steps = ["find"] if case.lost else []
    if isinstance(case, Confirmed):
        steps += _persuasion(case)
    if case.review:
        steps.append("review_attendance")
    return [*steps, "reinstate"]


def _persuasion(case: Confirmed) -> list[str]:
    steps = [] if "persuade" in case.done else ["persuade"]
    notices = [notice for notice in case.notices if notice.round == case.round]
    if not notices:
        steps.append("return_notice")
    elif all(notice.served_on is None for notice in notices):
        steps.append("serve_notice")
    return steps


def _observation(case: Observing, today: date | None) -> list[str]:
    steps = ["log_observations"] if case.observed < case.needed else []
    if today is None or today < case.until:
        steps.append("finish_observation")
    return steps
