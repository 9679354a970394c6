"""What each command of each table is given: valid fields about county A's first class.

A new command fails the tests of this folder until it stands here, with the right it needs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.access_words import Right
from shared.policy.layer import Layer, encode_layer
from shared.policy.pack import seed_pack_bytes
from tests.casework.samples_http import VALUES
from tests.guard.counties import MONDAY, OPENS, THURSDAY, County, at, uid

NOON = at(THURSDAY, "10:00")
PUPILS: tuple[Right, ...] = ("child.change", "import.run")
ROLES: tuple[Right, ...] = ("account.manage", "import.staff")


@dataclass(frozen=True, slots=True)
class Given:
    """`at`: class, school or county, where one of the rights is needed."""

    values: Mapping[str, Any]
    rights: tuple[Right, ...]
    at: str = "class"
    # `own`: whose it is decides, and no right.
    own: bool = field(default=False)


def commands(here: County) -> dict[str, dict[str, Given]]:
    """Service → command → what it is given."""
    return {
        "enrollment": _units(here) | _staff(here) | _children(here) | _rolls(here),
        "casework": _casework(here) | _duties(here) | _activities(here),
        "notify": _notify(here),
        "audit": {},
    }


def _units(here: County) -> dict[str, Given]:
    unit, klass = here.schools[0], here.classes[0]
    manage: tuple[Right, ...] = ("unit.manage",)
    teacher = here.people["homeroom_teacher class0"]
    new = {"unit": f"{here.code}009", "name": "新乡", "kind": "division", "parent": here.code}
    term = {"unit": here.code, "term": "2026-2", "name": "春", "opens_on": OPENS, "ends_on": MONDAY}
    opened = {"school": unit, "grade": 8, "name": "9班"}
    return {
        "found_county": Given({"code": here.code, "name": "又一县"}, ("county.found",), "county"),
        "register_unit": Given(new, manage, "county"),
        "move_unit": Given({"unit": unit, "parent": here.townships[1]}, manage, "county"),
        "rename_unit": Given({"unit": unit, "name": "新名"}, manage, "school"),
        "close_unit": Given({"unit": unit}, manage, "school"),
        "open_term": Given(term, ("calendar.publish",), "county"),
        "open_class": Given(opened, ("import.run",), "school"),
        "close_class": Given({"klass": klass}, ("import.run",)),
        "assign_homeroom": Given({"klass": klass, "staff": teacher}, ROLES),
        "end_homeroom": Given({"klass": klass, "staff": teacher}, ROLES),
    }


def _staff(here: County) -> dict[str, Given]:
    unit, role = here.schools[0], "grade_leader"
    staff = here.people["grade_leader school0"]
    account = here.accounts["grade_leader school0"]
    granted = {"staff": staff, "role": role, "unit": unit}
    runs: tuple[Right, ...] = ("system.operate",)
    closed = {"staff": staff, "account": account, "reason": "left"}
    manage: tuple[Right, ...] = ("account.manage",)
    people: tuple[Right, ...] = ("import.staff", "account.manage")
    return {
        "register_staff": Given({"unit": unit, "name": "新人"}, people, "school"),
        "change_staff": Given({"staff": staff, "name": "改名"}, people, "school"),
        "grant_role": Given(granted | {"role": "registrar"}, ROLES, "school"),
        "end_role": Given(granted, ROLES, "school"),
        "open_account": Given({"staff": staff, "account": "another.one"}, manage, "school"),
        "close_account": Given(closed, manage, "school"),
        "grant_operator": Given({"account": account}, runs, "county"),
        "end_operator": Given({"account": account}, runs, "county"),
    }


def _children(here: County) -> dict[str, Given]:
    klass = here.classes[0]
    child = here.children[klass][0]
    new = {"name": "新生", "klass": klass, "on": THURSDAY}
    leave: tuple[Right, ...] = ("leave.record",)
    groups: tuple[Right, ...] = ("child.change", "leave.record")
    days = {"first_on": THURSDAY, "last_on": THURSDAY}
    return {
        "register_child": Given(new, PUPILS),
        "change_child": Given({"child": child, "address": "新址"}, ("child.change",)),
        "enroll_child": Given({"child": child, "klass": here.classes[1]}, PUPILS, "school"),
        "leave_class": Given({"child": child, "reason": "moved"}, PUPILS),
        "grant_leave": Given({"child": child, "kind": "sick", **days}, leave),
        "tag_group": Given({"child": child, "group": "key_pupil"}, groups),
        "untag_group": Given({"child": here.children[klass][2], "group": "poor"}, groups),
        "record_village": Given({"child": child, "village": "990101001999"}, groups),
        "end_leave": Given({"child": here.children[klass][2]}, leave),
    }


def _rolls(here: County) -> dict[str, Given]:
    klass = here.classes[0]
    child = here.children[klass][0]
    day, submit = {"klass": klass, "on": THURSDAY}, ("roll.submit",)
    absent = {"absent": [{"child": str(child), "mark": "sick"}]}
    return {
        "submit_roll": Given(day | absent, submit),
        "recall_roll": Given(day | {"recalls": 1}, submit),
        "set_reason": Given(day | {"child": child, "reason": "sick"}, submit),
    }


def _casework(here: County) -> dict[str, Given]:
    decide, work = ("alert.decide",), ("case.work",)
    child, case = here.children[here.classes[0]][0], here.records["case"]
    alert = {"alert": here.records["open_alert"]}
    rules = {"unit": here.code, "valid_from": THURSDAY + timedelta(days=9), "content": "{}"}
    close: tuple[Right, ...] = ("case.close",)
    observed = {"child": child, "observed_at": NOON, "kind": "daily"}
    inside = {
        name: Given({"case": case} | values, close if name in ENDS else work)
        for name, values in VALUES.items()
        if name != "log_observation"
    }
    return inside | {
        "verify_risk": Given(alert | {"reason": "visited"}, decide),
        "clear_risk": Given(alert | {"reason": "in_school"}, decide),
        "flag_risk": Given({"child": child, "sign": "weary_of_school"}, decide),
        "log_observation": Given(observed, decide),
        "activate_policy": Given(
            rules | {"content": pack_text(), "basis": "试行"}, ("policy.activate",), "county"
        ),
        "publish_calendar": Given(
            rules | {"content": layer_text()}, ("calendar.publish",), "county"
        ),
    }


def _duties(here: County) -> dict[str, Given]:
    klass = here.classes[0]
    child, teacher = here.children[klass][0], here.people["homeroom_teacher class0"]
    charge = {"scheme": "baobao", "tier": "teacher_child", "target": str(child)}
    held = charge | {"holder": str(teacher)}
    assign: tuple[Right, ...] = ("responsibility.assign",)
    call = {"child": child, "disposition": "confirmed_sick"}
    went = {"child": child, "visited_at": NOON, "outcome": "undecided"}
    return {
        "assign_responsibility": Given(held | {"since": THURSDAY}, assign),
        "end_responsibility": Given(held | {"on": THURSDAY, "reason": "left"}, assign),
        "assign_responsibilities": Given({"rows": [held | {"since": THURSDAY}]}, assign),
        "log_evening_call": Given(call, ("alert.decide",)),
        "visit_child": Given(went, ("child.visit",)),
        "log_follow_up_survey": Given({"child": child, "asked_at": NOON}, ("alert.decide",)),
        # A duty nobody knows: refused to everybody; the duty's own place decides, see casework.
        "file_evidence": Given(
            {"duty": uid("duty"), "done_on": THURSDAY, "note": "做了"}, (), own=True
        ),
    }


def _activities(here: County) -> dict[str, Given]:
    unit = {"unit": here.schools[0]}
    people = {"attended": [str(here.people["homeroom_teacher class0"])]}
    met, year = people | {"held_at": NOON}, {"year": 2027}
    pupils = [str(here.children[here.classes[0]][0])]
    given: dict[str, Mapping[str, Any]] = {
        "hold_meeting": {"kind": "huddle", "agenda": "本周", **met},
        "hold_training": {"kind": "policy", "topic": "义务教育法", **met},
        "submit_self_check": {"problems": 1},
        "submit_work_plan": {"title": "方案", **year},
        "submit_publicity_plan": {"title": "宣传", **year},
        "log_publicity": {"kind": "village", "on": THURSDAY, "place": "村口", "reached": 9},
        "review_support": {"sample": pupils},
        "log_village_check": {"on": THURSDAY, "children": pupils},
        "adopt_duty_matrix": {"duties": {"police": ["查找"]}, **year},
        "set_target": {"year": "2026-2027", "metric": "pupils_kept", "value": "42"},
        "publish_document": {
            "code": "measures",
            "title": "措施",
            "edition": "2026",
            "owner": "principal",
            "valid_from": THURSDAY,
            "content": "措施",
        },
    }
    given |= _bodies(here)
    return {
        name: Given(unit | values, (RIGHT_OF.get(name, "activity.record"),), "school")
        for name, values in given.items()
    } | _cascades(here)


def _bodies(here: County) -> dict[str, Mapping[str, Any]]:
    teacher = here.people["homeroom_teacher class0"]
    body = {"code": "leading_group"}
    member = body | {"post": "named", "staff": teacher}
    return {
        "form_body": body | {"on": THURSDAY},
        "appoint_member": member | {"since": THURSDAY},
        "remove_member": member | {"on": THURSDAY, "reason": "left"},
    }


def _cascades(here: County) -> dict[str, Given]:
    """A target nobody knows is refused to everybody; its own place decides, see casework."""
    case = {"case": here.records["case"], "level": "county"}
    part = {"parent": uid("target"), "units": {str(here.classes[0]): "1"}}
    return {
        "cascade_target": Given(part, (), own=True),
        "escalate_case": Given(case, ("case.work",)),
    }


RIGHT_OF: dict[str, Right] = {
    "adopt_duty_matrix": "document.publish",
    "publish_document": "document.publish",
}
ENDS = frozenset(("close_case", "reopen_case"))


def pack_text() -> str:
    return seed_pack_bytes().decode()


def layer_text() -> str:
    first, last = THURSDAY + timedelta(days=9), THURSDAY + timedelta(days=39)
    made = Layer(layer="county", name="县校历", first=first, last=last, closed={}, open={})
    return encode_layer(made).decode()


def _notify(here: County) -> dict[str, Given]:
    child = here.children[here.classes[0]][0]
    about = {"child": child, "about": f"case-{here.records['case']}"}
    return {
        "remind": Given(about, ("remind",)),
        "remind_class": Given({"klasses": [str(here.classes[0])]}, ("remind",)),
        # Of one's own inbox alone, which no right is needed for.
        "set_preference": Given({"what": "digest_morning", "on": False}, (), own=True),
        "read_notice": Given({"notice": uid("notice")}, (), own=True),
    }
