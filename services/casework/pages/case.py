"""One case: what is open, what may be done, and everything that happened, in both times."""

from datetime import timedelta

from fastapi import HTTPException, Request

from services.casework.pages.actions import in_order
from services.casework.pages.drawing import UNNAMED, fitting, names, pack_of
from services.casework.pages.timeline import Line, timeline
from services.casework.queries import boards
from services.casework.queries.boards import Found
from shared.console import Visit, visit
from shared.contracts.case_view import CaseView, open_steps
from shared.contracts.state_names import STATE_NAMES, STEP_NAMES
from shared.contracts.words import day_words, listed, time_words, word
from shared.edge import Edge, allowed
from shared.rights import Viewer, may
from shared.viewing import viewing
from shared.web.models.case import CasePage, Rail, RailEvent, TimelineGroup
from shared.web.models.layout import Link

RAIL_MARGIN = timedelta(hours=12)


async def open_case(
    edge: Edge, request: Request, viewer: Viewer, stream: str, page: str
) -> tuple[Visit, Found[CaseView]]:
    """Begin a page about one case. 404 outside the viewer's jurisdiction."""
    moment = await edge.moment()
    async with viewing(edge.service.engine, viewer, "case.view", moment.today) as conn:
        row = await boards.case(conn, stream)
    if row is None:
        raise HTTPException(404)
    grant = allowed(viewer, "case.view", row.path, moment)
    purpose = fitting(viewer, moment.today, "casework")
    found = await visit(
        edge, request, viewer, page, grant=grant, ledger=row.ledger, purpose=purpose
    )
    return found, row


async def case_page(found: Visit, row: Found[CaseView]) -> CasePage:
    """The page of the case as it is known now; audit's replay shows it as it was."""
    name = (await names(found, [row])).get(row.subject, UNNAMED)
    lines = await timeline(found, row.ledger, _streams(row))
    view, replay = row.view, _replay(found, row)
    steps = open_steps(view, found.today)
    return CasePage(
        number=row.number,
        name=name,
        about=row.about,
        crumbs=(Link(text="台账", href="/casework/cases"),),
        state=STATE_NAMES[view.state]["zh"],
        owner=word(view.owner_role) if view.owner_role else "无人负责",
        rail=_rail(found, lines, replay.href) if replay else None,
        groups=(TimelineGroup(title="全部", events=tuple(line.event for line in lines)),),
        known_count=len(lines),
        unknown_count=0,
        later=replay,
        differences=(),
        state_rows=_state_rows(view, steps),
        rules=_rules(found, row),
        actions=_actions(found, row, steps),
        verify=None,
        notice="出勤有更正，请看清后再决定下一步。" if view.review else "",
        back="/casework/cases",
    )


def _replay(found: Visit, row: Found[CaseView]) -> Link | None:
    if not may(found.viewer, "replay", row.path, found.today):
        return None
    return Link(text="按两个时间回放", href=f"/audit/cases/{row.stream}")


def _streams(row: Found[CaseView]) -> list[str]:
    alert = [f"alert-{row.view.alert}"] if row.view.alert else []
    return [*alert, row.stream]


def _actions(found: Visit, row: Found[CaseView], steps: list[str]) -> tuple[Link, ...]:
    links = [
        Link(text=action.label, href=f"/casework/cases/{row.stream}/do/{action.name}")
        for action in in_order(row.view.state, steps)
        if may(found.viewer, action.right, row.path, found.today)
    ]
    if row.view.state != "closed" and may(found.viewer, "case.work", row.path, found.today):
        above = f"/casework/escalated/{row.stream.removeprefix('case-')}"
        links.append(Link(text="请上级帮助", href=above))
    return tuple(links)


def _rail(found: Visit, lines: list[Line], action: str) -> Rail:
    now = found.moment.now
    moments = [line.event.happened for line in lines] or [now]
    return Rail(
        action=action,
        start=min(moments) - RAIL_MARGIN,
        end=now,
        happened_at=now,
        known_at=now,
        linked=True,
        events=tuple(
            RailEvent(
                happened=line.event.happened,
                recorded=line.event.recorded,
                label=line.label,
                late=line.event.late,
            )
            for line in lines
        ),
        known_is_now=True,
    )


def _state_rows(view: CaseView, steps: list[str]) -> tuple[tuple[str, str], ...]:
    rows = [
        ("状态", STATE_NAMES[view.state]["zh"]),
        ("谁负责", word(view.owner_role) if view.owner_role else "无人"),
        ("已上报", listed([word(one.level) for one in view.reports if one.round == view.round])),
        ("原因", listed([word(code) for code in view.causes])),
        ("去向", word(view.whereabouts) if view.whereabouts else ""),
        ("没办完", listed([STEP_NAMES[step]["zh"] for step in steps])),
        ("观察到", day_words(view.observation_until) if view.observation_until else ""),
        ("复辍", listed([day_words(day) for day in view.relapses])),
        ("销号", word(view.close_reason) if view.close_reason else ""),
    ]
    return tuple((label, value) for label, value in rows if value)


def _rules(found: Visit, row: Found[CaseView]) -> tuple[tuple[str, str], ...]:
    pack = pack_of(found, row.path)
    values = pack.values
    return (
        ("规则", pack.version),
        ("首次家访", f"{values.intervention.first_visit_days} 个上学日内"),
        ("复学观察", f"{values.observation.days} 天"),
        ("现在", time_words(found.moment.now)),
    )
