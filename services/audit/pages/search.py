"""The search page: hits with their words marked, people first, facets with counts."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from fastapi import Request

from services.audit.pages.excerpt import excerpt
from services.audit.pages.opened import Said, Wanted, open_each, open_names
from services.audit.pages.words import BOOKS, FACETS, actor_words, facet_words
from services.audit.projections.rows import county_of
from services.audit.queries.entries import Place
from services.audit.queries.facets import VALUES_LIMIT
from services.audit.queries.matching import Match
from services.audit.queries.names import Names, names
from services.audit.queries.seals import NOT_YET, SealOf, seals
from services.audit.queries.search import ACCESS, Asked, Found
from shared.access_words import PURPOSES
from shared.console import language
from shared.contracts.entry import entry_of
from shared.contracts.sentences import sentence
from shared.contracts.topics import is_access
from shared.contracts.words import word
from shared.edge import Edge, Moment
from shared.reading import Reading
from shared.web.filters import sentence_moment
from shared.web.models.case import ProofMark, TimelineEvent
from shared.web.models.layout import Link
from shared.web.models.search import Facet, FacetValue, Hit, SearchPage

ACTION = "/audit/search"
PEOPLE_SHOWN = 20


async def draw(
    edge: Edge,
    request: Request,
    moment: Moment,
    asked: Asked,
    found: Found,
    readings: Mapping[str, Reading],
) -> SearchPage:
    """The page's model; every name and word in it is opened through the county's reading."""
    known, marks = await _known(edge, found)
    people: dict[str, str] = {}
    hits: dict[int, Hit] = {}
    for county, reading in readings.items():
        matches = [one for one in found.matches if _county(one) == county]
        shown = [str(one.candidate.subject) for one in matches]
        shown += [one.envelope.actorid for one in matches]
        shown += [one.subject for one in found.people[:PEOPLE_SHOWN] if one.county == county]
        people |= await open_names(reading, known, shown)
        said = Said(people, known, language(request))
        hits |= await _hits(reading, matches, asked, said, marks)
    reading = next(iter(readings.values()), None)
    return SearchPage(
        action=ACTION,
        text=asked.text,
        by="recorded" if asked.by == "recorded" else "happened",
        from_on=asked.from_on,
        to_on=asked.to_on,
        purpose=PURPOSES[reading.purpose][0] if reading else "",
        facets=facets_of(asked, found, known, people) if asked.text else (),
        hits=tuple(hits[id(match)] for match in found.matches),
        total=found.total,
        first=asked.first + 1,
        asked=bool(asked.text),
        scope=_scope(found, moment, known),
        recorded="这次检索已记录。" if asked.text and readings else "",
        people=_people(found, people, known),
        next_page=_next(request, asked, found),
    )


def _county(match: Match) -> str:
    return county_of(match.place.ledger)


async def _known(edge: Edge, found: Found) -> tuple[Names, Mapping[Place, SealOf]]:
    """Names of all that is shown, and the seal of each entry."""
    persons = [str(match.candidate.subject) for match in found.matches]
    persons += [match.envelope.actorid for match in found.matches]
    persons += [one.subject for one in found.people]
    paths = [match.candidate.path for match in found.matches]
    for facet in ("township", "school", "klass"):
        paths += found.counts.get(facet, {}).keys()
    async with edge.service.engine.connect() as conn:
        known = await names(conn, [*paths, *found.counties], persons)
        return known, await seals(conn, [match.place for match in found.matches])


async def _hits(
    reading: Reading,
    matches: Sequence[Match],
    asked: Asked,
    said: Said,
    marks: Mapping[Place, SealOf],
) -> dict[int, Hit]:
    wanted = [(match, _wanted(match)) for match in matches]
    sealed = [one for _, one in wanted if one is not None]
    texts = iter(await open_each(reading, sealed))
    found: dict[int, Hit] = {}
    for match, one in wanted:
        if match.candidate.subject:
            reading.touch(str(match.candidate.subject))
        clear = next(texts) if one else match.text.plain if match.text else ""
        pieces = excerpt(clear, asked.text)
        if match.text is None and match.called is not None:
            pieces = ((f"{word(match.called.field, said.lang)}：", False), *pieces)
        mark = marks.get(match.place, NOT_YET)
        found[id(match)] = Hit(event=event_of(match, said, mark), excerpt=pieces)
    return found


def _wanted(match: Match) -> Wanted | None:
    """The sealed value that matched, or None where it was a plain word."""
    path = match.candidate.path
    if match.text is not None:
        sealed = match.text.sealed
        return Wanted(match.text.owner, match.text.field, sealed, path) if sealed else None
    assert match.called is not None, "a match has matched something"
    return Wanted(match.called.subject, match.called.field, match.called.sealed, path)


def event_of(match: Match, said: Said, seal: SealOf) -> TimelineEvent:
    """One hit as a row of the table."""
    known, people = said.known, said.people
    envelope, subject = match.envelope, str(match.candidate.subject or "")
    place = match.place
    who, role = actor_words(envelope.actorid, envelope.actorrole, people, said.lang)
    return TimelineEvent(
        happened=envelope.occurred_at,
        recorded=envelope.recorded_at,
        title=sentence(entry_of(match.body), said.lang),
        who=who,
        role=role,
        late=match.candidate.late,
        by_day=envelope.occurredprecision == "day",
        subject=_subject(subject, known, people),
        unit=known.of_path(match.candidate.path),
        proof=ProofMark(
            state=seal.state,
            ledger=BOOKS["access" if is_access(place.ledger) else place.service],
            seq=place.seq,
            href=f"/audit/entries/{place.service}/{place.ledger}/{place.seq}",
        ),
    )


def _subject(subject: str, known: Names, people: Mapping[str, str]) -> Link | None:
    if subject not in people:
        return None
    if subject in known.staff:
        return Link(text=people[subject], href=f"{ACTION}?{urlencode({'text': people[subject]})}")
    return Link(text=people[subject], href=f"/audit/children/{subject}")


def _people(found: Found, people: Mapping[str, str], known: Names) -> tuple[Link, ...]:
    links = [_subject(one.subject, known, people) for one in found.people[:PEOPLE_SHOWN]]
    return tuple(link for link in links if link)


def facets_of(
    asked: Asked, found: Found, known: Names, people: Mapping[str, str]
) -> tuple[Facet, ...]:
    """Facets with something to choose; people only where their name is on the page anyway."""
    facets: list[Facet] = []
    for name, counts in found.counts.items():
        chosen = set(asked.chosen.get(name, ()))
        values: list[tuple[str, int | None]] = [*counts.most_common(VALUES_LIMIT)]
        values += [(value, 0) for value in sorted(chosen - {value for value, _ in values})]
        if name == "book" and ACCESS not in {value for value, _ in values}:
            values.append((ACCESS, None))
        if name in ("actor", "child"):
            values = [one for one in values if one[0] in people or one[0] in chosen]
        if values:
            drawn = tuple(
                FacetValue(
                    value=value,
                    label=facet_words(name, value, known, people),
                    count=count,
                    chosen=value in chosen,
                )
                for value, count in values
            )
            facets.append(Facet(name=name, title=FACETS[name], values=drawn))
    return tuple(facets)


def _scope(found: Found, moment: Moment, known: Names) -> str:
    where = "、".join(known.units.get(county, county) for county in found.counties)
    till = sentence_moment(moment.now, moment.today)
    over = "超过 1,000 件，下面是最近的；请缩小范围。" if found.more else ""
    return f"{over}范围：{where}全部账，到 {till} 为止"


def _next(request: Request, asked: Asked, found: Found) -> Link | None:
    shown = asked.first + len(found.matches)
    if shown >= found.total:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "page"]
    query = urlencode([*kept, ("page", str(shown // asked.limit + 1))])
    return Link(text="下一页", href=f"{ACTION}?{query}")
