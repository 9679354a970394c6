"""A script played against the deciders alone: every step must be allowed where it stands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from baoxue.simulation.story import At, Number, OnDay, Person, Script, Step
from services.casework.domain import alert, case
from services.casework.domain import alert as a
from services.casework.domain import case_commands as c
from services.casework.domain.alert_state import Open, Verified
from services.casework.domain.case_state import Observing
from services.casework.processes.resting_on import resting_on
from shared.event import SHANGHAI

CHILD, PERSON = UUID(int=1), UUID(int=2)
FIRST = date(2026, 3, 2)
STREAK = 4
OBSERVE_DAYS, OBSERVATIONS = 30, 2
SCHOOL_DAYS = [
    FIRST + timedelta(days=n) for n in range(140) if (FIRST + timedelta(days=n)).weekday() < 5
]
PLACE0 = 10
# Values of the web form that the domain's command does not take.
ELSEWHERE = {"in_case", "kind", "sign", "note", "notes"}


def day_at(day: int) -> date:
    return SCHOOL_DAYS[PLACE0 + day]


@dataclass(slots=True)
class Stage:
    """`pairs`: (table, state, action) as they happened."""

    script: Script
    alert: Any = field(default_factory=lambda: alert.ALERT.initial)
    case: Any = field(default_factory=lambda: case.CASE.initial)
    pairs: set[tuple[str, str, str]] = field(default_factory=set)
    run: int = 0
    now: datetime = datetime(2026, 1, 1, tzinfo=SHANGHAI)

    def play(self) -> "Stage":
        last = max([self.script.length, *(min(end, 40) for _, end in self.script.away)]) + 1
        for day in range(-3, last + 1):
            self._attend(day)
            self.now = datetime.combine(day_at(day), datetime.min.time(), SHANGHAI)
            self.now += timedelta(hours=8, minutes=21)
            for step in self.script.steps:
                if step.day == day:
                    self._do(step)
            self._night(day)
        return self

    def _attend(self, day: int) -> None:
        self.now = datetime.combine(day_at(day), datetime.min.time(), SHANGHAI)
        self.now += timedelta(hours=8, minutes=20)
        self.run = self.run + 1 if self.script.is_away(day) else 0
        if self.run < STREAK:
            return
        if isinstance(self.alert, a.Open) and type(self.alert) is Open:
            self._tell_alert(a.ExtendRisk(last_on=day_at(day), days=self.run, now=self.now))
        elif isinstance(self.case, Observing) and self.run == STREAK:
            self._tell_case(c.DetectRelapse(on=day_at(day), now=self.now))
        elif alert.phase(self.alert) == "unflagged":
            self._flag("streak", day)

    def _flag(self, kind: Any, day: int, sign: str | None = None) -> None:
        midnight = datetime.combine(day_at(day) + timedelta(days=1), datetime.min.time(), SHANGHAI)
        streak = kind == "streak"
        self._tell_alert(
            a.FlagRisk(
                alert=UUID(int=3),
                child=CHILD,
                klass=None,
                school="",
                kind=kind,
                now=self.now,
                report_due_at=midnight,
                verify_due_at=self.now,
                first_on=day_at(day - 3) if streak else None,
                last_on=day_at(day) if streak else None,
                days=STREAK,
                sign=sign,
            )
        )

    def _night(self, day: int) -> None:
        phase = alert.phase(self.alert)
        if phase not in ("open", "verified"):
            return
        self.now = datetime.combine(day_at(day) + timedelta(days=1), datetime.min.time(), SHANGHAI)
        reported = bool(getattr(self.case, "reported", ()))
        self._tell_alert(a.MarkReportOverdue(reported=reported, now=self.now), silent=True)

    def _do(self, step: Step) -> None:
        values = {name: self._value(value) for name, value in step.values.items()}
        match step.action:
            case "verify_risk":
                self._verify(str(values["reason"]))
            case "clear_risk":
                reason = str(values["reason"])
                self._tell_alert(a.ClearRisk(person=PERSON, reason=reason, now=self.now))
            case "flag_risk":
                self._flag(values["kind"], step.day, values["sign"])
            case "log_observation":
                self._observe(values)
            case "correct_roll":
                self._corrected(values["of"])
            case "grant_leave":
                self._corrected(values["first_on"])
            case "report_dropout":
                self._tell_case(
                    c.ReportDropout(level=values["level"], to_unit=values["level"], now=self.now)
                )
            case name:
                self._tell_case(self._command(name, values))

    def _verify(self, reason: str) -> None:
        made = UUID(int=4)
        command = a.VerifyRisk(case=made, person=PERSON, reason=reason, now=self.now)
        self._tell_alert(command)
        opening = c.OpenCase(
            case=made,
            alert=UUID(int=3),
            child=CHILD,
            klass=None,
            school="",
            reason=reason,
            now=self.now,
        )
        self._tell_case(opening)
        self._tell_case(c.AssignCase(owner=PERSON, role="homeroom_teacher", now=self.now))
        for level in ("township", "county"):
            self._tell_case(c.ReportDropout(level=level, to_unit=level, now=self.now))

    def _observe(self, values: dict[str, Any]) -> None:
        command = a.LogObservation(
            child=CHILD, observed_at=values["observed_at"], kind=values["kind"], now=self.now
        )
        (self._tell_case if values.get("in_case") else self._tell_alert)(command)

    def _corrected(self, on: date) -> None:
        command = a.NoteAttendanceChange(
            child=CHILD, on=on, mark_was="unexcused", mark_now="sick", now=self.now
        )
        records = {"alert-3": self.alert}
        if case.phase(self.case) != "unopened":
            records[f"case-{UUID(int=4)}"] = self.case
        for stream in resting_on(records, on):
            (self._tell_case if stream.startswith("case") else self._tell_alert)(command)

    def _command(self, name: str, values: dict[str, Any]) -> object:
        """The domain's command of the same name; lists become tuples, words are left out."""
        names = {"log_heart_talk": c.LogHeartTalk, "lose": c.ReportWhereaboutsUnknown}
        wanted = names.get(name) or getattr(c, "".join(p.title() for p in name.split("_")))
        given = {key: one for key, one in values.items() if key not in ELSEWHERE}
        given = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
        more: dict[str, Any] = {}
        if name == "reinstate":
            more = {"school": "", "klass": None, "observe_days": OBSERVE_DAYS}
            more["observations_needed"] = OBSERVATIONS
        if name in ("close_case", "confirm_dropout"):
            more = {"person": PERSON}
        return wanted(**given, **more, now=self.now)

    def _value(self, value: Any) -> Any:
        match value:
            case OnDay(day=day, plus=plus):
                return day_at(day) + timedelta(days=plus)
            case At(ago=ago, clock=clock):
                hour, minute = map(int, clock.split(":"))
                at = self.now.astimezone(SHANGHAI) - timedelta(days=ago)
                return at.replace(hour=hour, minute=minute)
            case Person(role=role):
                return uuid5(PERSON, role)
            case Number(kind=kind):
                return kind
            case _:
                return value

    def _tell_alert(self, command: Any, *, silent: bool = False) -> None:
        self.alert = self._tell("alert", alert.ALERT, alert.phase, self.alert, command, silent)

    def _tell_case(self, command: Any) -> None:
        self.case = self._tell("case", case.CASE, case.phase, self.case, command, False)

    def _tell(
        self,
        table: str,
        decider: Any,
        phase: Callable[[Any], str],
        state: Any,
        command: Any,
        silent: bool,
    ) -> Any:
        events = decider.decide(command, state)
        if events or (silent and isinstance(state, Verified)):
            self.pairs.add((table, phase(state), type(command).__name__))
        assert events or silent, f"{self.script.name}: {command} came to nothing"
        return decider.fold(events, state)


def stages(scripts: tuple[Script, ...]) -> Iterator[Stage]:
    return (Stage(script).play() for script in scripts)
