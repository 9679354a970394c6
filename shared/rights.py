"""Who may do what, where and when: role × jurisdiction by date × sensitivity × purpose."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from shared.access_words import PAGES, Page, Purpose, Right
from shared.decider import CommandRejected
from shared.role import Role
from shared.roles import CASEWORK_COMMANDS, ROLES
from shared.sealed import SensitivityClass

# A jurisdiction over the whole deployment; only roles of that scope hold it, and they open nothing.
EVERYWHERE: Final = "*"
# What a responsibility for a single child lends, at that child's place.
CHARGE_HOLDER: Final = "charge_holder"

# Whom to ask, by what was refused; the first word of a right decides where it is not named.
ASK: dict[str, str] = {
    "roll": "请联系本班班主任或学校的学籍管理员。",
    "leave": "请联系本班班主任。",
    "child": "需要看，请向县学籍科申请；申请会记录。",
    "alert": "请联系学生所在学校的校长。",
    "case": "请联系个案的责任单位。",
    "case.close": "销号由县教育局办理，请把依据交给县教育局。",
    "account": "请联系学校的学籍管理员或县教育局。",
    "staff": "请联系学校的学籍管理员或县教育局。",
    "import": "请联系学校的学籍管理员。",
    "search": "检索由督导和县教育局使用，请向县教育局申请。",
    "replay": "回放由督导和县教育局使用，请向县教育局申请。",
    "policy": "请联系县政策管理员。",
    "calendar": "请联系县教育局。",
    "clock": "请联系系统管理员。",
    "system": "请联系系统管理员。",
}
ASK_ANYBODY = "请联系县教育局。"


class NotAllowed(Exception):
    """The viewer may not do this here: answered 403 with a sentence that says whom to ask."""

    code = "not_allowed"

    def __init__(self, say: str, right: str, path: str) -> None:
        super().__init__(f"{right} at {path}")
        self.say, self.right, self.path = say, right, path


class RolesNotTogether(CommandRejected):
    """Two roles that one person must not hold at the same time."""

    code = "roles_not_together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role on a unit from a day to a day, both included; `path` is the unit's path today."""

    role: str
    unit: str
    path: str
    valid_from: date
    valid_to: date | None = None

    def holds(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks: an account, the person behind it, and all grants, past and future ones included.

    `obtained_by` is the account that obtained this session for another one, else None.
    """

    account: str
    staff: str | None
    grants: tuple[Grant, ...]
    obtained_by: str | None = None

    def roles(self, on: date) -> list[tuple[Grant, Role]]:
        """Grants in force with their roles; one of a newer release's roles gives nothing here."""
        return [(g, ROLES[g.role]) for g in self.grants if g.holds(on) and g.role in ROLES]


def covers(above: str, path: str) -> bool:
    """Whether `path` is `above` or lies below it, by whole segments: 9901 does not cover 990101."""
    if above == EVERYWHERE:
        return True
    return bool(above) and (path == above or path.startswith(above + "/"))


def may(viewer: Viewer, right: Right, path: str, on: date) -> bool:
    """Whether some grant in force on the day gives the right at the record's path."""
    return acting_grant(viewer, right, path, on) is not None


def require(viewer: Viewer, right: Right, path: str, on: date) -> Grant:
    """The grant to act under, for the envelope's actor. Raises NotAllowed."""
    grant = acting_grant(viewer, right, path, on)
    if grant is None:
        here_only = bool(paths_for(viewer, right, on))
        raise NotAllowed(_refusal(right, outside=here_only), right, path)
    return grant


def acting_grant(viewer: Viewer, right: Right, path: str, on: date) -> Grant | None:
    """The nearest of the grants that give the right here: a teacher before the same principal."""
    fitting = [
        grant
        for grant, role in viewer.roles(on)
        if right in role.rights and _reaches(grant, role, path)
    ]
    return max(fitting, key=lambda grant: len(grant.path), default=None)


def paths_for(viewer: Viewer, right: Right, on: date) -> list[str]:
    """The jurisdiction for a right: the fewest prefixes, sorted; empty where it is held nowhere.

    Children who are answered for one by one are no jurisdiction: they are asked for by name.
    """
    held = {
        grant.path
        for grant, role in viewer.roles(on)
        if right in role.rights and role.scope != "child" and _reaches(grant, role, grant.path)
    }
    return sorted(p for p in held if not any(covers(q, p) for q in held if q != p))


def of_child(path: str, child: UUID) -> str:
    """The place of one child: whatever covers its class or school covers it as well."""
    return f"{path}/{child}"


def charge(child: UUID, path: str, since: date, until: date | None) -> Grant:
    """What a responsibility for the child, which sits at `path`, lends from day to day."""
    return Grant(
        role=CHARGE_HOLDER,
        unit=str(child),
        path=of_child(path, child),
        valid_from=since,
        valid_to=until,
    )


def lent(viewer: Viewer, charges: Iterable[Grant], on: date) -> Viewer:
    """The viewer with what responsibilities for single children lend, beside the own roles.

    Who inspects, or runs the machine, is lent nothing: no assignment makes them one who acts.
    """
    if not all(_separate(role, ROLES[CHARGE_HOLDER]) for _, role in viewer.roles(on)):
        return viewer
    return replace(viewer, grants=(*viewer.grants, *charges))


def charge_of(viewer: Viewer, child: UUID, on: date) -> Grant | None:
    """What a responsibility for the child lends the viewer, if there is one."""
    lent_here = (g for g, role in viewer.roles(on) if role.scope == "child")
    return next((grant for grant in lent_here if grant.unit == str(child)), None)


def may_open(viewer: Viewer, cls: SensitivityClass, path: str, on: date) -> bool:
    """Whether values of the class may be opened in a record at the path."""
    return any(cls in role.classes and _reaches(g, role, path) for g, role in viewer.roles(on))


def classes_for(viewer: Viewer, on: date) -> frozenset[SensitivityClass]:
    """Every class that some grant in force opens somewhere: what a page may ever show."""
    return frozenset(cls for _, role in viewer.roles(on) for cls in role.classes)


def touches(viewer: Viewer, county: str, on: date) -> bool:
    """Whether any jurisdiction of the viewer lies in a county (six digits) or holds it."""
    path = f"{county[:2]}0000/{county[:4]}00/{county}"
    return any(
        grant.path == EVERYWHERE or covers(grant.path, path) or covers(path, grant.path)
        for grant, _ in viewer.roles(on)
    )


def purposes_for(viewer: Viewer, on: date) -> list[Purpose]:
    """Purposes to choose from when a masked value is opened, the first one suggested."""
    return list(dict.fromkeys(p for _, role in viewer.roles(on) for p in role.purposes))


def navigation(viewer: Viewer, on: date) -> list[tuple[Page, str, str]]:
    """Pages with their Chinese and English names: of all roles in force, widest role first."""
    roles = sorted((role for _, role in viewer.roles(on)), key=lambda role: -len(role.navigation))
    pages: dict[Page, None] = dict.fromkeys(page for role in roles for page in role.navigation)
    return [(page, *PAGES[page]) for page in pages]


def require_separate(held: Iterable[str], new: str) -> None:
    """Nobody inspects what they do, and nobody who runs the machine opens personal data.

    Raises RolesNotTogether.
    """
    for name in held:
        if name != new and not _separate(ROLES[name], ROLES[new]):
            say = f"{ROLES[name].zh}不能同时担任{ROLES[new].zh}。请换一个人，或先结束原来的职务。"
            raise RolesNotTogether(say, held=name, new=new)


def _separate(one: Role, other: Role) -> bool:
    outside = [role for role in (one, other) if not role.rights & CASEWORK_COMMANDS]
    acting = [role for role in (one, other) if role.rights & CASEWORK_COMMANDS]
    reading = [role for role in (one, other) if role.classes]
    if any("system.operate" in role.rights for role in outside):
        return not reading
    return not (acting and any("inspection" in role.purposes for role in outside))


def _reaches(grant: Grant, role: Role, path: str) -> bool:
    if grant.path == EVERYWHERE:
        return role.scope == "deployment"
    return covers(grant.path, path)


def _refusal(right: str, *, outside: bool) -> str:
    ask = ASK.get(right) or ASK.get(right.split(".", maxsplit=1)[0]) or ASK_ANYBODY
    why = "这里不在你的管辖范围内。" if outside else "你的职务没有这项权限。"
    return why + ask
