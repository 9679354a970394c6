"""How search and replay stand in audit's own access ledgers, county by county."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid5

from services.audit.projections.rows import county_path
from shared.access_words import Right
from shared.contracts.access import RecordSearched
from shared.edge import Edge
from shared.reading import Opened
from shared.rights import EVERYWHERE, Grant, Viewer, covers, require
from shared.sealed import Sealed, seal

# Accounts without a person still seal what they searched for, under a subject of their own.
ACCOUNTS = UUID("5d1f6c0e-7a43-5b5e-8f0a-2c9be1c1a7d4")
QUERY_CLASS = "narrative"


def grant_in(viewer: Viewer, right: Right, county: str, on: date) -> Grant:
    """The grant that a reading in a county is recorded under. Raises NotAllowed."""
    path = county_path(county)
    held = [
        grant
        for grant, role in viewer.roles(on)
        if right in role.rights and (covers(grant.path, path) or covers(path, grant.path))
    ]
    if not held:
        return require(viewer, right, path, on)
    grant = max(held, key=lambda one: len(one.path))
    # Rules are in force for units; a deployment-wide role reads under those of the county.
    return replace(grant, path=path) if grant.path == EVERYWHERE else grant


async def sealed_query(edge: Edge, viewer: Viewer, county: str, query: str) -> Sealed:
    """What was searched for, sealed under the searcher's own key. Raises KeyringAway."""
    subject = viewer.staff or str(uuid5(ACCOUNTS, viewer.account))
    keys = await edge.keyring.keys_for(
        [subject], "search", [QUERY_CLASS], create=True, ledger=county, counted=False
    )
    key = keys.of(subject, QUERY_CLASS)
    return seal(query, subject, QUERY_CLASS, "query", key, carry_subject=viewer.staff is None)


def searched(query: Sealed, found: int) -> Callable[[Opened], RecordSearched]:
    """Shapes a reading's record into `RecordSearched`."""

    def shape(opened: Opened) -> RecordSearched:
        return RecordSearched(
            purpose=opened.purpose,
            query=query,
            found=found,
            subjects=opened.subjects,
            obtained_by=opened.obtained_by,
        )

    return shape
