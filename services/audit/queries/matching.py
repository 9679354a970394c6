"""From candidates to matches: opened and compared exactly, as far as the viewer may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.projections.texts import PLAIN, Text, keys_of, opened, texts_of
from services.audit.queries.candidates import Called, Candidate, Query, people
from services.audit.queries.entries import Place, bodies_at
from shared.event import Envelope, read
from shared.keyring import Keyring
from shared.rights import Viewer, may_open
from shared.tokens import contains

# Of one subject old and new values match; this is for all subjects of one round of candidates.
CALLED_LIMIT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An entry that contains the query, itself (`text`) or by what its subject is called."""

    candidate: Candidate
    envelope: Envelope
    body: bytes
    text: Text | None
    called: Called | None

    @property
    def place(self) -> Place:
        return self.candidate.place


@dataclass(frozen=True, slots=True)
class Reader:
    """Who searches, when, and the keyring that opens for them."""

    viewer: Viewer
    today: date
    keyring: Keyring

    def may(self, cls: str, path: str) -> bool:
        """Whether a text of the class is matched for this viewer in a record at the path."""
        if cls == PLAIN:
            return True
        held = cls in self.keyring.classes
        return held and may_open(self.viewer, cls, path, self.today)  # type: ignore[arg-type]


async def matched(
    conn: AsyncConnection, reader: Reader, query: Query, wanted: str, round_: Sequence[Candidate]
) -> list[Match]:
    """Those candidates that really contain `wanted`, in their order. Raises KeyringAway."""
    bodies = await bodies_at(conn, [one.place for one in round_])
    subjects = sorted({one.subject for one in round_ if one.about and one.subject})
    found = await people(conn, query, CALLED_LIMIT, subjects) if subjects else []
    known = {one.subject: one for one in reversed(await called(reader, found, wanted))}
    envelopes = {place: read(body) for place, body in bodies.items()}
    own = await _own(reader, wanted, [one for one in round_ if one.own], envelopes)
    matches: list[Match] = []
    for one in round_:
        text, name = own.get(one.place), known.get(str(one.subject)) if one.about else None
        if text or name:
            envelope, body = envelopes[one.place], bodies[one.place]
            matches.append(
                Match(candidate=one, envelope=envelope, body=body, text=text, called=name)
            )
    return matches


async def called(reader: Reader, found: Sequence[Called], wanted: str) -> list[Called]:
    """Those names and numbers that contain `wanted`, in order."""
    allowed = [one for one in found if reader.may(one.sealed.cls, one.path)]
    texts = [Text(one.field, one.subject, one.sealed) for one in allowed]
    keys = await keys_of(reader.keyring, texts, reader.keyring.classes)
    return [
        one
        for one, text in zip(allowed, texts, strict=True)
        if (said := opened(text, keys)) is not None and (one.whole or contains(said, wanted))
    ]


async def _own(
    reader: Reader, wanted: str, candidates: Sequence[Candidate], envelopes: dict[Place, Envelope]
) -> dict[Place, Text]:
    """The first text of each entry that contains `wanted` and that the viewer may read."""
    texts = {
        one.place: [
            text for text in texts_of(envelopes[one.place]) if reader.may(text.cls, one.path)
        ]
        for one in candidates
    }
    keys = await keys_of(
        reader.keyring, list(chain.from_iterable(texts.values())), reader.keyring.classes
    )
    found: dict[Place, Text] = {}
    for place, its in texts.items():
        for text in its:
            said = opened(text, keys)
            if said is not None and contains(said, wanted):
                found.setdefault(place, text)
    return found
