"""One set of values for each command of a case, as a form would send them on Thursday morning."""

from datetime import timedelta
from typing import Any

from tests.county import MONDAY, PRINCIPAL, at

THURSDAY = MONDAY + timedelta(days=3)
NOW = at(THURSDAY, 8, 20)
VALUES: dict[str, dict[str, Any]] = {
    "assign_case": {"owner": PRINCIPAL, "role": "principal"},
    "report_dropout": {"level": "school"},
    "record_cause": {"causes": ["working", "poverty"]},
    "confirm_dropout": {"on": THURSDAY, "cause": "working"},
    "report_whereabouts_unknown": {"since": MONDAY, "note": "电话停机"},
    "report_whereabouts": {"whereabouts": "working", "note": "在邻县"},
    "log_home_visit": {
        "visited_at": NOW,
        "purpose": "first_visit",
        "met": ["grandparent"],
        "outcome": "undecided",
        "notes": "只见到祖母",
    },
    "log_phone_follow_up": {"called_at": NOW, "disposition": "not_reached"},
    "log_heart_talk": {"talked_at": NOW, "with_whom": ["child"], "notes": "想回来"},
    "log_guardian_contact": {"contacted_at": NOW, "channel": "phone", "outcome": "will_return"},
    "attempt_persuasion": {
        "attempted_at": NOW,
        "methods": ["convince", "guide"],
        "outcome": "undecided",
        "next_attempt_on": THURSDAY + timedelta(days=5),
    },
    "record_return_notice": {
        "number": "石桥校返〔2026〕17号",
        "issued_on": MONDAY,
        "return_by": THURSDAY + timedelta(days=8),
    },
    "reinstate": {"on": THURSDAY},
    "log_observation": {"observed_at": NOW, "kind": "return", "present": True},
    "report_relapse": {"on": THURSDAY},
    "close_case": {"reason": "transferred", "evidence": ["enrollment_proof"]},
    "reopen_case": {"reason": "away_again"},
}
# How a case comes into each phase.
PATHS: dict[str, tuple[str, ...]] = {
    "suspected": (),
    "confirmed": ("confirm_dropout",),
    "tracing": ("report_whereabouts_unknown",),
    "observing": ("reinstate",),
    "closed": ("close_case",),
}
