"""The panel of one hole or overlap: since when, whom it affects, and the form that mends it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from services.casework.pages.coverage_look import Candidate, Looked, Named, candidates, named
from services.casework.pages.drawing import new_id
from services.casework.queries.matrix import Gap
from shared.console import Visit
from shared.contracts.words import day_words
from shared.policy.duty_schema import Tier
from shared.rights import may
from shared.web.models.form import Form, Option
from shared.web.models.layout import Link
from shared.web.models.responsibility import GapPanel

# Names of a class's children and of those who could take them stay below what a reading names.
MOST_TARGETS = 80
BEFORE = text(
    "select holder, holder_kind, until from responsibility where scheme = :scheme"
    " and tier = :tier and target = :target and until < :on order by until desc limit 1"
)
CASES = text(
    "select count(*) from case_row where state <> 'closed'"
    " and child = any(cast(:children as uuid[]))"
)
UNHELD = text(
    "select count(*) from duty where target = any(:targets) and holders = '{}'"
    " and due_at between :since and :now"
)


async def panel(
    found: Visit, looked: Looked, scheme: str, gap: Gap, nearby: Link | None, next_page: str
) -> GapPanel:
    """Drawn for one gap; without a form for who may not assign."""
    assert looked.scheme is not None
    tier = looked.scheme.tier(gap.tier)
    assert tier is not None, "a gap is of a tier of its scheme"
    targets = gap.targets[:MOST_TARGETS]
    assigns = may(found.viewer, "responsibility.assign", gap.path, found.today)
    office = tier.holder == "office"
    able = await candidates(found, gap.path, looked, gap.tier) if assigns and not office else []
    before = await _before(found, scheme, gap, looked.on)
    names = await named(found, _people(targets, able, before))
    title = names.target(targets[0]) if len(targets) == 1 else names.where(gap.path)
    return GapPanel(
        title=f"{title}　{tier.zh}",
        head=_head(gap, before, looked.on),
        facts=tuple(await _facts(found, looked, gap, before, names)),
        form=_form(scheme, gap, next_page, office) if assigns and not gap.double else None,
        targets=tuple(
            Option(value=one.target, label=names.target(one)) for one in targets if not gap.double
        ),
        holders=tuple(_option(one, names) for one in able),
        since=looked.on.isoformat(),
        office=office,
        endings=_endings(found, scheme, gap, tier, names, next_page) if assigns else (),
        next=nearby,
    )


def _people(targets: Sequence[Any], able: Sequence[Candidate], before: Any) -> set[str]:
    people = {one.target for one in targets if one.target_kind in {"child", "guardian", "staff"}}
    people |= {holder for one in targets for holder in one.holders}
    people |= {one.staff for one in able}
    return people | ({before.holder} if before else set())


def _option(one: Candidate, names: Named) -> Option:
    held = f"（现有 {one.holds} 处）" if one.holds else ""
    return Option(value=one.staff, label=f"{names.holder(one.staff)}{held}")


async def _before(found: Visit, scheme: str, gap: Gap, on: date) -> Any:
    """Who held it last; of several targets nobody in particular."""
    if len(gap.targets) != 1 or gap.double:
        return None
    params = {"scheme": scheme, "tier": gap.tier, "target": gap.targets[0].target, "on": on}
    async with found.edge.service.engine.connect() as conn:
        return (await conn.execute(BEFORE, params)).first()


def _head(gap: Gap, before: Any, on: date) -> str:
    if gap.double:
        return f"{len(gap.targets[0].holders)} 人重复负责"
    if before is not None:
        first = before.until + timedelta(days=1)
        return f"{day_words(first)}起没人负责，{(on - first).days + 1} 天"
    if len(gap.targets) > 1:
        return f"{len(gap.targets)} 处还没有人负责"
    return "还没有人负责"


async def _facts(
    found: Visit, looked: Looked, gap: Gap, before: Any, names: Named
) -> list[tuple[str, str]]:
    facts: list[tuple[str, str]] = []
    if gap.double:
        since = gap.targets[0].since
        facts.append(("现在", "、".join(names.holder(one) for one in gap.targets[0].holders)))
        facts += [("从", since.isoformat())] if since else []
    if before is not None:
        facts.append(("原来", f"{names.holder(before.holder)}，到 {before.until}"))
    children = looked.children_of(gap.targets)
    begun = before.until if before is not None else looked.on
    async with found.edge.service.engine.connect() as conn:
        cases = (await conn.execute(CASES, {"children": list(children)})).scalar_one()
        params = {"targets": [one.target for one in gap.targets], "now": found.moment.now}
        unheld = (await conn.execute(UNHELD, params | {"since": begun})).scalar_one()
    if children:
        with_cases = f"，其中 {cases} 个在办个案" if cases else ""
        facts.append(("影响", f"{len(children)} 名学生{with_cases}"))
    if unheld:
        facts.append(("期间", f"{unheld} 件到期的事没有人承担"))
    return facts


def _form(scheme: str, gap: Gap, next_page: str, office: bool) -> Form:
    hidden = [("scheme", scheme), ("tier", gap.tier), ("next", next_page)]
    hidden += [("targets", gap.targets[0].target)] if len(gap.targets) == 1 else []
    hidden += [("holder_kind", "office")] if office else []
    return Form(
        action="/casework/commands/assign_responsibilities",
        command_id=new_id(),
        version=0,
        submit="指定，看下一处",
        hidden=tuple(hidden),
    )


def _endings(
    found: Visit, scheme: str, gap: Gap, tier: Tier, names: Named, next_page: str
) -> tuple[Form, ...]:
    """One button a holder: who answers no longer. What follows from a post is ended there."""
    if not gap.double or gap.targets[0].derived:
        return ()
    one = gap.targets[0]
    hidden = (("scheme", scheme), ("tier", tier.code), ("target", one.target))
    return tuple(
        Form(
            action="/casework/commands/end_responsibility",
            command_id=new_id(),
            version=0,
            submit=f"不再由{names.holder(holder)}负责",
            hidden=(
                *hidden,
                ("holder", holder),
                ("on", found.today.isoformat()),
                ("reason", "overlap"),
                ("next", next_page),
            ),
        )
        for holder in one.holders
    )
