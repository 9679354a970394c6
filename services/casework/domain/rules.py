"""The rules of a unit: which policy packs and calendars hold from which day."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, TypeAlias, assert_never

from services.casework.domain.refusals import BasisNeeded, NotADigest, TooEarly
from shared.decider import Decider
from shared.policy.day import business_day

Layer = Literal["national", "county", "school"]
SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersionActivated:
    unit: str
    pack: str
    valid_from: date
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPublished:
    unit: str
    layer: Layer
    sha256: str
    valid_from: date


RulesEvent: TypeAlias = PolicyVersionActivated | CalendarPublished
EVENTS: dict[str, type] = {cls.__name__: cls for cls in (PolicyVersionActivated, CalendarPublished)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """`packs` and `calendars` (keyed by layer): the latest word for each first day."""

    packs: dict[str, str]
    calendars: dict[str, dict[str, str]]


STATES: dict[str, type] = {"rules": Rules}


def phase(rules: Rules) -> str:
    """There is one phase: rules are only ever added."""
    return "rules"


def evolve(rules: Rules, event: RulesEvent) -> Rules:
    """Never refuses: whatever was recorded has happened."""
    match event:
        case PolicyVersionActivated(pack=pack, valid_from=day):
            return replace(rules, packs=rules.packs | {day.isoformat(): pack})
        case CalendarPublished(layer=layer, sha256=sha256, valid_from=day):
            days = rules.calendars.get(layer, {}) | {day.isoformat(): sha256}
            return replace(rules, calendars=rules.calendars | {layer: days})
        case _:
            assert_never(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivatePolicyVersion:
    """`pack` is the SHA-256 of the pack's file, 64 hex digits; `basis` its legal basis."""

    unit: str
    pack: str
    valid_from: date
    basis: str
    now: datetime
    founding: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishCalendar:
    unit: str
    layer: Layer
    sha256: str
    valid_from: date
    now: datetime
    founding: bool = False


RulesCommand: TypeAlias = ActivatePolicyVersion | PublishCalendar
ALLOWED: dict[str, frozenset[type]] = {"rules": frozenset({ActivatePolicyVersion, PublishCalendar})}


def decide(command: RulesCommand, rules: Rules) -> list[RulesEvent]:
    """The events of a command, none if it is already so; raises CommandRejected."""
    match command:
        case ActivatePolicyVersion():
            return _activate(command, rules)
        case PublishCalendar():
            return _publish(command, rules)
        case _:
            assert_never(command)


def _activate(command: ActivatePolicyVersion, rules: Rules) -> list[RulesEvent]:
    _check_digest("pack", command.pack)
    if not command.basis.strip():
        raise BasisNeeded("启用规则要写依据。写上文件名和条款。", field="basis")
    if rules.packs.get(command.valid_from.isoformat()) == command.pack:
        return []
    _check_day(command, first=not rules.packs)
    return [
        PolicyVersionActivated(
            unit=command.unit,
            pack=command.pack,
            valid_from=command.valid_from,
            basis=command.basis,
        )
    ]


def _publish(command: PublishCalendar, rules: Rules) -> list[RulesEvent]:
    _check_digest("sha256", command.sha256)
    known = rules.calendars.get(command.layer, {})
    if known.get(command.valid_from.isoformat()) == command.sha256:
        return []
    _check_day(command, first=not known)
    return [
        CalendarPublished(
            unit=command.unit,
            layer=command.layer,
            sha256=command.sha256,
            valid_from=command.valid_from,
        )
    ]


def _check_day(command: RulesCommand, first: bool) -> None:
    """What is past was judged by the rules of its day; only a founding starts in the past."""
    if command.founding and first:
        return
    if command.valid_from <= business_day(command.now):
        raise TooEarly("新规则最早明天生效，已经过去的不改。改生效日期。", field="valid_from")


def _check_digest(field: str, digest: str) -> None:
    if len(digest) != SHA256_DIGITS or not set(digest) <= set("0123456789abcdef"):
        raise NotADigest("文件的指纹不对：要 64 位十六进制。重新选文件。", field=field)


RULES: Decider[RulesCommand, RulesEvent, Rules] = Decider(
    Rules(packs={}, calendars={}), decide, evolve
)
