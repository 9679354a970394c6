"""Audit's routes: search, replay, entries, exports, the ledgers of the first page, logs."""

from fastapi import APIRouter

from services.audit.api import entries, export, logs, replay, search
from shared.edge import Edge


def router(edge: Edge) -> APIRouter:
    """Every route under `/audit`, and the logs for anybody under `/log`."""
    whole, api = APIRouter(), APIRouter(prefix="/audit")
    search.add(api, edge)
    replay.add(api, edge)
    entries.add(api, edge)
    export.add(api, edge)
    logs.add(whole, edge)
    whole.include_router(api)
    return whole
