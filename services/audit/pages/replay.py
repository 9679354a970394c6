"""The replay page: what was known then, what had happened unknown, and what differs from now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlencode

from fastapi import Request

from services.audit.pages import state
from services.audit.pages.detail import detail_of
from services.audit.pages.opened import Said, Wanted, open_each, open_names
from services.audit.pages.times import Times, address, typed
from services.audit.pages.words import BOOKS, actor_words, short
from services.audit.queries.entries import Place
from services.audit.queries.names import names
from services.audit.queries.replay import Replayed, Told
from services.audit.queries.seals import NOT_YET, SealOf, seals
from services.audit.queries.state_json import open_notes
from shared.console import language
from shared.contracts.sentences import sentence
from shared.contracts.words import word
from shared.edge import Edge, Moment
from shared.reading import Reading
from shared.rights import covers, paths_for
from shared.web.models.case import (
    CasePage,
    Jump,
    ProofMark,
    Rail,
    RailEvent,
    TimelineEvent,
    TimelineGroup,
)
from shared.web.models.layout import Link
from shared.web.words import Language

MARGIN = timedelta(hours=6)
BEFORE_CASE = timedelta(days=14)
# What is worth a word on the rail.
LABELS: Mapping[str, str] = {
    "RiskFlagged": "预警",
    "CaseOpened": "立案",
    "HomeVisitLogged": "家访",
    "AttendanceCorrected": "更正",
    "ReturnNoticeRecorded": "返校通知",
    "Reinstated": "复学",
    "CaseClosed": "销号",
}
JUMPS: Mapping[str, str] = {
    "RiskFlagged": "预警时",
    "CaseOpened": "立案时",
    "Reinstated": "复学时",
    "CaseClosed": "销号时",
}


@dataclass(frozen=True, slots=True)
class Words:
    """What the page says: the open notes of each entry by its `id`, and how it is sealed."""

    said: Said
    notes: Mapping[int, Mapping[str, str]]
    seals: Mapping[Place, SealOf]


async def draw(
    edge: Edge,
    request: Request,
    reading: Reading,
    moment: Moment,
    found: Replayed,
    times: Times,
    stream: str,
) -> CasePage:
    """The page's model; every name and note in it is opened through `reading`."""
    path = request.url.path
    words = await _words(edge, reading, found, language(request))
    subject = found.whole.subject
    case = state.chosen_case(found.state, stream)
    shown = [*found.known, *found.unknown]
    groups = _groups(found, times, words, path)
    return CasePage(
        number=short(stream or f"child-{subject}"),
        name=await _name(reading, found, words),
        about=words.said.known.of_path(found.whole.path),
        crumbs=(
            Link(text="检索", href="/audit/search"),
            Link(text=short(stream or f"child-{subject}"), href=""),
        ),
        state=word(case.state, words.said.lang) if case else "没有个案",
        owner=words.said.people.get(str(case.owner), "") if case and case.owner else "",
        rail=rail_of(found, times, path, stream),
        groups=groups,
        known_count=len(found.known),
        unknown_count=len(found.unknown),
        later=_later(times, path),
        differences=await state.differences(reading, found, words.said),
        state_rows=state.rows(found.state, case, words.said, moment.today),
        rules=_rules(found),
        readers=await state.readers(edge, reading, found, times.known_at, moment.today),
        reading=_mentioned(found),
        detail=await detail_of(edge, request, shown, times),
        export=_export(reading, found, moment, stream),
        back="/audit/search",
    )


async def _words(edge: Edge, reading: Reading, found: Replayed, lang: Language) -> Words:
    told = [*found.known, *found.unknown]
    persons = [one.entry.actor for one in told]
    persons += [one.entry.on_behalf_of for one in told if one.entry.on_behalf_of]
    persons += [str(case.owner) for case in found.state.cases if case.owner]
    persons += [str(v) for one in found.differences if one.label == "owner" for v in (one.a, one.b)]
    codes = state.codes(found) + [one.envelope.unitpath for one in told]
    async with edge.service.engine.connect() as conn:
        known = await names(conn, [found.whole.path, *codes], [found.whole.subject, *persons])
        sealed = await seals(conn, [one.place for one in told])
    people = await open_names(reading, known, persons)
    notes = await open_notes(told, reading, found.whole.path)
    return Words(Said(people, known, lang), notes, sealed)


async def _name(reading: Reading, found: Replayed, words: Words) -> str:
    """The name as it was known then; before it was registered the page has none."""
    sealed = found.state.child.fields.get("name")
    subject = found.whole.subject
    sealed = sealed or words.said.known.people.get(subject)
    if sealed is None:
        return short(f"child-{subject}")
    (name,) = await open_each(reading, [Wanted(subject, "name", sealed, found.whole.path)])
    return name


def _groups(found: Replayed, times: Times, words: Words, path: str) -> tuple[TimelineGroup, ...]:
    known = tuple(_event(one, times, words, path) for one in _by_time(found.known))
    unknown = tuple(_event(one, times, words, path) for one in _by_time(found.unknown))
    title = "当时已知" if times.linked else "到这时发生，按所选时间所知"
    groups = [TimelineGroup(title=title, events=known)]
    if unknown:
        groups.append(TimelineGroup(title="当时已发生，还不知道", events=unknown))
    return tuple(groups)


def _by_time(told: Sequence[Told]) -> list[Told]:
    return sorted(told, key=lambda one: (one.entry.occurred_at, one.entry.recorded_at))


def _event(one: Told, times: Times, words: Words, path: str) -> TimelineEvent:
    entry = one.entry
    who, role = actor_words(entry.actor, entry.actor_role, words.said.people, words.said.lang)
    behalf = entry.on_behalf_of
    return TimelineEvent(
        happened=entry.occurred_at,
        recorded=entry.recorded_at,
        title=sentence(entry, words.said.lang),
        who=who,
        role=role,
        on_behalf_of=words.said.people.get(behalf, behalf) if behalf else "",
        late=one.late,
        by_day=one.envelope.occurredprecision == "day",
        quote="　".join(words.notes.get(id(one), {}).values()),
        proof=proof_of(one, words.seals, times, path),
    )


def proof_of(one: Told, sealed: Mapping[Place, SealOf], times: Times, path: str) -> ProofMark:
    """已封存, 待封存 or 不符. The mark opens the entry's own facts."""
    place = one.place
    chosen = f"{place.service}/{place.ledger}/{place.seq}"
    return ProofMark(
        state=sealed.get(place, NOT_YET).state,
        ledger=BOOKS[place.service],
        seq=place.seq,
        href=f"{address(path, times)}&{urlencode({'entry': chosen})}#proof",
    )


def _export(reading: Reading, found: Replayed, moment: Moment, stream: str) -> Link | None:
    """Where the whole story can be had as a file that proves itself, for who may take it."""
    paths = paths_for(reading.viewer, "export.create", moment.today)
    if not any(covers(path, found.whole.path) for path in paths):
        return None
    subject = quote(stream or found.whole.subject)
    return Link(text="导出", href=f"/audit/export?subject={subject}")


def rail_of(found: Replayed, times: Times, path: str, stream: str) -> Rail:
    """True time scale over everything stored, whatever is known at the chosen moment."""
    told = _on_rail(found.whole.told, stream)
    begin = min(min(one.entry.occurred_at, one.entry.recorded_at) for one in told)
    return Rail(
        action=path,
        start=min(begin - MARGIN, times.happened_at, times.known_at),
        end=max(times.now, begin),
        happened_at=times.happened_at,
        known_at=times.known_at,
        linked=times.linked,
        events=tuple(
            RailEvent(
                happened=one.entry.occurred_at,
                recorded=one.entry.recorded_at,
                label=LABELS.get(one.entry.type.partition(".")[2], ""),
                late=one.late,
            )
            for one in told
        ),
        jumps=_jumps(told, times),
        known_is_now=times.known_is_now,
    )


def _on_rail(told: Sequence[Told], stream: str) -> Sequence[Told]:
    """A case begins some days before its first entry; a child's whole story is the child's page."""
    first = next((one for one in told if one.entry.stream == stream), None)
    if first is None or not stream.startswith(("case-", "alert-")):
        return told
    begin = first.entry.occurred_at - BEFORE_CASE
    return [one for one in told if one.entry.occurred_at >= begin]


def _jumps(told: Sequence[Told], times: Times) -> tuple[Jump, ...]:
    found: dict[str, Jump] = {}
    for one in told:
        label = JUMPS.get(one.entry.type.partition(".")[2])
        if label:
            at = one.entry.recorded_at + timedelta(minutes=1)
            found[label] = Jump(label=label, happened=at, known=at)
    found["现在"] = Jump(label="现在", happened=times.now, known=times.now)
    return tuple(found.values())


def _later(times: Times, path: str) -> Link | None:
    """From what was known then to what is known now of the same time, and back."""
    if times.known_is_now and times.linked:
        return None
    query = {"happened": typed(times.happened_at)}
    if times.linked:
        href = f"{path}?{urlencode(query | {'known': typed(times.now)})}"
        return Link(text="换成“现在所知”", href=href)
    href = f"{path}?{urlencode(query | {'known': query['happened'], 'linked': '1'})}"
    return Link(text="换成“当时所知”", href=href)


def _rules(found: Replayed) -> tuple[tuple[str, str], ...]:
    versions = dict.fromkeys(one.envelope.policyversion for one in found.known)
    return tuple(("规则包", version) for version in versions)


def _mentioned(found: Replayed) -> str:
    if not found.mentioned:
        return ""
    return f"另有 {len(found.mentioned)} 张点名表里有这名学生；未到和更正已列在上面。"
