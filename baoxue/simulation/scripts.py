"""The scripts: how stories of children who stay away go, from a data error to a long search.

Together they reach every state and every action of alerts and cases; a test holds them to it.
"""

from baoxue.simulation import deeds as do
from baoxue.simulation.deeds import COUNTY, LEADER, PRINCIPAL, TEACHER, TOWNSHIP
from baoxue.simulation.story import FOR_GOOD, Script


def _logs(day: int) -> tuple[do.Step, ...]:
    """A busy week of a case, whatever its phase."""
    return (
        do.visit(day, ago=1, outcome="refused"),
        do.call(day, "refused", ago=1),
        do.talk(day + 1, ago=1),
        do.contact(day + 1, "via_village", ago=2, by=TOWNSHIP),
    )


BACK_SOON = Script(
    name="back_soon",
    weight=22,
    away=((-3, 1),),
    reason="truant",
    steps=(
        do.verify(0),
        do.call(0),
        do.cause(0, "weary_of_school"),
        do.visit(1, ago=1, outcome="will_return"),
        do.talk(2),
        do.reinstate(2),
        *do.stable(2),
    ),
)
CONFIRMED_THEN_BACK = Script(
    name="confirmed_then_back",
    weight=10,
    away=((-3, 12),),
    reason="refused",
    steps=(
        do.verify(1, "visited"),
        do.visit(2, ago=2, outcome="refused"),
        do.cause(2, "struggling", "weary_of_school"),
        do.talk(3),
        do.contact(3),
        do.confirm(4),
        do.persuade(5),
        do.notice(6, 6),
        do.notice(8, 6, served=True),
        do.persuade(10, "will_return", ago=1),
        do.reinstate(13),
        *do.stable(13),
    ),
)
RELAPSE = Script(
    name="relapse",
    weight=5,
    away=((-3, 2), (9, 17)),
    reason="truant",
    steps=(
        do.verify(0),
        do.cause(1, "lost_in_games"),
        do.visit(1),
        do.reinstate(3),
        do.observe(6),
        do.report(14, "township"),
        do.report(14, "county"),
        do.call(14, "refused"),
        do.visit(14, ago=1, outcome="undecided"),
        do.talk(15),
        do.persuade(16, "will_return"),
        do.reinstate(18),
        *do.stable(18),
    ),
)
DATA_ERROR = Script(
    name="data_error",
    weight=9,
    away=((-3, 2),),
    steps=(do.clear(1, "data_error", LEADER), do.correct(4, -1, "present")),
)
ILL_AFTER_ALL = Script(
    name="ill_after_all",
    weight=9,
    away=((-3, 1),),
    steps=(do.leave(0, -3, 1), do.clear(1, "on_leave")),
)
WAS_AT_SCHOOL = Script(
    name="was_at_school",
    weight=8,
    away=((-3, 0),),
    steps=(do.correct(1, -2, "present"), do.clear(2, "at_school", PRINCIPAL)),
)
TRANSFERRED = Script(
    name="transferred",
    weight=6,
    away=((-3, FOR_GOOD),),
    reason="unreachable",
    steps=(
        do.verify(1),
        do.call(1, "moved_away"),
        do.cause(2, "with_kin"),
        do.find(3, "other_school", TEACHER),
        do.close(5, "transferred", "enrollment_proof"),
    ),
)
WORKING_AWAY = Script(
    name="working_away",
    weight=5,
    away=((-3, FOR_GOOD),),
    reason="unreachable",
    steps=(
        do.verify(1, "confirmed_by_village", TOWNSHIP),
        do.cause(1, "working"),
        do.find(3, "working"),
        do.confirm(4, "working"),
        do.visit(5, outcome="guardian_refuses", by=TOWNSHIP),
        do.notice(6, 6),
        do.persuade(9, "guardian_refuses", ago=3),
    ),
)
NOT_YET_VERIFIED = Script(name="not_yet_verified", weight=5, away=((-3, 3),), steps=())
LEFT_ALONE = Script(
    name="left_alone", weight=2, away=((-3, FOR_GOOD),), reason="unreachable", steps=()
)
JUST_OPENED = Script(
    name="just_opened",
    weight=4,
    away=((-3, 8),),
    reason="refused",
    steps=(do.verify(0, "visited"), do.visit(1, ago=1)),
)
MOODY = Script(
    name="moody",
    weight=6,
    steps=(
        do.seen(0),
        do.flag(2, "mood"),
        do.seen(3, "weary_of_school"),
        do.clear(5, "at_school", LEADER),
    ),
)
NEAR_DROPOUT = Script(
    name="near_dropout",
    weight=4,
    steps=(
        do.flag(0, "near_dropout", LEADER),
        do.verify(1, "visited", PRINCIPAL),
        do.talk(1, by=PRINCIPAL),
        do.cause(2, "poverty"),
        do.visit(3, outcome="needs_aid"),
        do.reinstate(4),
        *do.stable(4),
    ),
)
LONG_SUSPICION = Script(
    name="long_suspicion",
    weight=2,
    away=((-3, 9),),
    steps=(
        do.verify(0),
        do.cause(0, "other"),
        do.assign(1, PRINCIPAL),
        *_logs(2),
        do.persuade(4),
        do.notice(5, 5),
        do.leave(6, 4, 6),
        do.find(7, "at_home", TEACHER),
        do.close(9, "data_error", "registry_check"),
    ),
)
LONG_CONFIRMED = Script(
    name="long_confirmed",
    weight=2,
    away=((-3, FOR_GOOD),),
    reason="refused",
    steps=(
        do.verify(0, "visited"),
        do.confirm(1, "family", COUNTY),
        do.cause(2, "family"),
        do.assign(2, TOWNSHIP),
        do.report(2),
        *_logs(3),
        do.persuade(5, "refused"),
        do.notice(5, 5),
        do.notice(7, 5, served=True),
        do.leave(8, 6, 7, "personal"),
        do.find(9, "farming"),
        do.lose(11, 9),
        do.find(14, "with_kin"),
        do.close(17, "home_teaching", "placement_opinion"),
    ),
)
LONG_SEARCH = Script(
    name="long_search",
    weight=2,
    away=((-3, FOR_GOOD),),
    reason="unreachable",
    steps=(
        do.verify(0, "whereabouts_unknown", TOWNSHIP),
        do.lose(1),
        do.cause(1, "whereabouts_unknown"),
        do.assign(2, TOWNSHIP),
        do.report(2),
        *_logs(3),
        do.persuade(5, "away"),
        do.notice(6, 6),
        do.correct(7, 6),
        do.find(8, "trading"),
        do.lose(10, 9),
        do.confirm(11, "whereabouts_unknown"),
        do.lose(12, 11),
        do.close(16, "left_country", "exit_proof"),
    ),
)
FOUND_AND_BACK = Script(
    name="found_and_back",
    weight=4,
    away=((-3, 6),),
    reason="unreachable",
    steps=(
        do.verify(0, "whereabouts_unknown"),
        do.lose(1),
        do.visit(2, ago=1, outcome="away"),
        do.cause(5, "with_kin"),
        do.talk(7),
        do.reinstate(7, TOWNSHIP),
        *do.stable(7),
    ),
)
WATCHED_THEN_LOST = Script(
    name="watched_then_lost",
    weight=2,
    away=((-3, 2), (11, 13)),
    steps=(
        do.verify(0),
        do.reinstate(3),
        do.assign(4, PRINCIPAL),
        do.report(4),
        do.cause(5, "bullying"),
        *_logs(5),
        do.observe(7),
        do.correct(8, -1, "personal"),
        do.lose(12, 11),
        do.find(13, "at_home"),
        do.reinstate(14),
        do.close(18, "transferred", "enrollment_proof"),
    ),
)
CLOSED_IN_ERROR = Script(
    name="closed_in_error",
    weight=2,
    away=((-3, 8),),
    steps=(
        do.verify(0),
        do.cause(1, "distance"),
        do.close(2, "data_error", "registry_check"),
        do.correct(3, -1),
        do.reopen(5),
        do.report(5, "township"),
        do.visit(6, ago=1),
        do.talk(9),
        do.reinstate(9),
        *do.stable(9),
    ),
)

SCRIPTS: tuple[Script, ...] = (
    BACK_SOON,
    CONFIRMED_THEN_BACK,
    RELAPSE,
    DATA_ERROR,
    ILL_AFTER_ALL,
    WAS_AT_SCHOOL,
    TRANSFERRED,
    WORKING_AWAY,
    NOT_YET_VERIFIED,
    LEFT_ALONE,
    JUST_OPENED,
    MOODY,
    NEAR_DROPOUT,
    LONG_SUSPICION,
    LONG_CONFIRMED,
    LONG_SEARCH,
    FOUND_AND_BACK,
    WATCHED_THEN_LOST,
    CLOSED_IN_ERROR,
)
