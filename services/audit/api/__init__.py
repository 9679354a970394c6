"""Audit's routes: search, replay, single entries, heads, the ledgers of the first page."""

from fastapi import APIRouter

from services.audit.api import entries, replay, search
from shared.edge import Edge


def router(edge: Edge) -> APIRouter:
    """Every route under `/audit`."""
    api = APIRouter(prefix="/audit")
    search.add(api, edge)
    replay.add(api, edge)
    entries.add(api, edge)
    return api
