"""What each action of a case asks: fields as data, with the code lists of the rules in force."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from shared.policy.day import SHANGHAI
from shared.policy.pack import Pack
from shared.policy.schema import Code
from shared.web.models.form import Field, Option

# Makes an action's fields from the rules and the present moment.
Ask = Callable[[Pack, datetime], tuple[Field, ...]]
LEVELS = (
    Option(value="township", label="乡镇"),
    Option(value="county", label="县教体局"),
    Option(value="school", label="学校"),
)
PRESENT = (Option(value="true", label="在校"), Option(value="false", label="不在校"))


def choice(name: str, label: str, codes: Sequence[Code], required: bool = True) -> Field:
    listed = tuple(Option(value=code.code, label=code.zh) for code in codes)
    return Field(name=name, label=label, kind="choice", options=listed, required=required)


def choices(name: str, label: str, codes: Sequence[Code]) -> Field:
    listed = tuple(Option(value=code.code, label=code.zh) for code in codes)
    return Field(name=name, label=label, kind="choices", options=listed)


def moment(name: str, label: str, now: datetime) -> Field:
    """The actual time is asked, the recorded one never."""
    local = now.astimezone(SHANGHAI)
    value, latest = (f"{local:%Y-%m-%d}", f"{local:%H:%M}"), f"{local:%Y-%m-%d}"
    return Field(name=name, label=label, kind="moment", value=value, latest=latest, required=True)


def day(name: str, label: str, now: datetime, required: bool = True, ahead: int = 0) -> Field:
    """A date; `ahead` days from today is suggested, 0 suggests today and forbids the future."""
    today = now.astimezone(SHANGHAI).date()
    suggested = (today + timedelta(days=ahead)).isoformat()
    return Field(
        name=name,
        label=label,
        kind="date",
        value=(suggested,) if required else (),
        latest="" if ahead else today.isoformat(),
        required=required,
    )


def words(name: str = "notes", label: str = "情况", hint: str = "只有办案的人能看") -> Field:
    return Field(name=name, label=label, kind="area", hint=hint)


def _visit(pack: Pack, now: datetime) -> tuple[Field, ...]:
    codes = pack.codes
    return (
        moment("visited_at", "实际到访时间", now),
        choice("purpose", "为什么去", codes.visit_purposes),
        choices("met", "见到了谁", codes.people_met),
        choice("outcome", "结果", codes.outcomes),
        words(),
    )


def _call(pack: Pack, now: datetime) -> tuple[Field, ...]:
    return (
        moment("called_at", "通话时间", now),
        choice("disposition", "结果", pack.codes.dispositions),
        words(),
    )


def _talk(pack: Pack, now: datetime) -> tuple[Field, ...]:
    return (
        moment("talked_at", "谈话时间", now),
        choices("with_whom", "和谁谈", pack.codes.people_met),
        words(),
    )


def _contact(pack: Pack, now: datetime) -> tuple[Field, ...]:
    return (
        moment("contacted_at", "联系时间", now),
        choice("channel", "怎样联系", pack.codes.contact_channels),
        choice("outcome", "结果", pack.codes.dispositions),
        words(),
    )


def _persuade(pack: Pack, now: datetime) -> tuple[Field, ...]:
    return (
        moment("attempted_at", "劝返时间", now),
        choices("methods", "用了什么办法", pack.codes.methods),
        choice("outcome", "结果", pack.codes.outcomes),
        day("next_attempt_on", "下次劝返", now, False, pack.values.case.next_attempt_days),
        words(),
    )


def _notice(pack: Pack, now: datetime) -> tuple[Field, ...]:
    return (
        Field(name="number", label="文号", required=True, hint="同一文号再登记，就是补记送达"),
        day("issued_on", "开具日期", now),
        day("return_by", "返校期限", now, ahead=pack.values.case.return_notice_days),
        day("served_on", "送达日期", now, required=False),
        choice("receiver", "谁签收", pack.codes.people_met, required=False),
        choice("method", "怎样送达", pack.codes.serving_methods, required=False),
    )


def _observe(pack: Pack, now: datetime) -> tuple[Field, ...]:
    return (
        moment("observed_at", "观察时间", now),
        choice("kind", "观察什么", pack.codes.observation_kinds),
        Field(name="present", label="在不在校", kind="choice", options=PRESENT),
        words(),
    )


def _observe_child(pack: Pack, now: datetime) -> tuple[Field, ...]:
    sign = choice("sign", "要不要登记预警", pack.codes.signs, required=False)
    return (*_observe(pack, now), sign)


def _flag(pack: Pack, now: datetime) -> tuple[Field, ...]:
    kinds = (
        Option(value="manual", label="看到苗头"),
        Option(value="whereabouts", label="去向不明"),
    )
    return (
        Field(name="kind", label="为什么登记", kind="choice", options=kinds, required=True),
        choice("sign", "看到什么", pack.codes.signs, required=False),
        words("note"),
    )


def _close(pack: Pack, now: datetime) -> tuple[Field, ...]:
    return (
        choice("reason", "为什么销号", pack.codes.closing_reasons),
        choices("evidence", "依据", pack.codes.evidence_kinds),
        words("note"),
    )


def _report(pack: Pack, now: datetime) -> tuple[Field, ...]:
    return (Field(name="level", label="报给谁", kind="choice", options=LEVELS, required=True),)


ASKED: dict[str, Ask] = {
    "log_home_visit": _visit,
    "log_phone_follow_up": _call,
    "log_heart_talk": _talk,
    "log_guardian_contact": _contact,
    "attempt_persuasion": _persuade,
    "record_return_notice": _notice,
    "log_observation": _observe,
    "report_dropout": _report,
    "close_case": _close,
    "assign_case": lambda pack, now: (),
    "record_cause": lambda pack, now: (choices("causes", "原因，先选主要的", pack.codes.causes),),
    "confirm_dropout": lambda pack, now: (
        day("on", "从哪天起辍学", now),
        choice("cause", "主要原因", pack.codes.causes),
    ),
    "report_whereabouts_unknown": lambda pack, now: (
        day("since", "从哪天起失去联系", now),
        words("note"),
    ),
    "report_whereabouts": lambda pack, now: (
        choice("whereabouts", "去向", pack.codes.whereabouts),
        words("note"),
    ),
    "reinstate": lambda pack, now: (day("on", "哪天返校", now),),
    "report_relapse": lambda pack, now: (day("on", "从哪天起又没来", now),),
    "reopen_case": lambda pack, now: (choice("reason", "原因", pack.codes.reopen_reasons),),
}
FOR_CHILD: dict[str, tuple[str, Ask]] = {
    "flag_risk": ("登记预警", _flag),
    "log_observation": ("登记观察", _observe_child),
}
