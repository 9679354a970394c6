"""Audit's routes: search, replay, entries, exports, the ledgers of the first page, logs."""

from fastapi import APIRouter

from services.audit.api import entries, export, integrity, logs, replay, search
from services.audit.checks.watch import Watch
from shared.edge import Edge


def router(edge: Edge, watch: Watch | None = None) -> APIRouter:
    """Every route under `/audit`, and the logs for anybody under `/log`."""
    watch = watch or Watch(edge, edge.service.settings.home)
    whole, api = APIRouter(), APIRouter(prefix="/audit")
    search.add(api, edge)
    replay.add(api, edge)
    entries.add(api, edge)
    export.add(api, edge)
    integrity.add(api, edge, watch)
    logs.add(whole, edge)
    whole.include_router(api)
    return whole
