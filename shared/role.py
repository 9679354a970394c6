"""What a role is, and the bundles of rights and pages that several have in common."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from shared.access_words import Page, Purpose, Right
from shared.sealed import SensitivityClass

# The unit that a role is granted on. A grade has no unit of its own: its leader holds the school.
# A child is no unit: such a role is granted by nobody, a responsibility for the child lends it.
Scope: TypeAlias = Literal["child", "class", "school", "division", "deployment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """`classes`: what it may open at all; `navigation`: its pages in the console, in order."""

    zh: str
    en: str
    scope: Scope
    rights: frozenset[Right]
    classes: frozenset[SensitivityClass]
    purposes: tuple[Purpose, ...]
    navigation: tuple[Page, ...]


def with_rights(rights: frozenset[Right], *more: Right) -> frozenset[Right]:
    return rights | frozenset(more)


READ: frozenset[Right] = frozenset(
    (
        "roll.view",
        "board.view",
        "child.view",
        "alert.view",
        "case.view",
        "calendar.view",
        "duty.view",
        "responsibility.view",
        "policy.view",
    )
)
TEACH: frozenset[Right] = frozenset(
    ("roll.view", "roll.submit", "child.view", "child.visit", "inbox.view", "duty.view")
)
WORKING: tuple[Right, ...] = (
    "child.visit",
    "alert.decide",
    "case.work",
    "inbox.view",
    "remind",
    "activity.record",
    "document.publish",
    "responsibility.assign",
)
COUNTY_PAGES: tuple[Page, ...] = (
    "today",
    "children",
    "cases",
    "duties",
    "documents",
    "search",
    "import",
    "integrity",
)


def helper(zh: str, en: str, scope: Scope, *more: Right) -> Role:
    """One who answers for a part of the work: told by name, without the files."""
    return Role(
        zh=zh,
        en=en,
        scope=scope,
        rights=with_rights(
            frozenset(("board.view", "inbox.view", "calendar.view", "duty.view")), *more
        ),
        classes=frozenset(("identity",)),
        purposes=("oversight",),
        navigation=("today", "duties", "messages"),
    )
