"""Enrollment's pages: first page, rolls, classes, children, accounts, calendar."""

from fastapi import APIRouter

from services.enrollment.pages import child, masks, roll, sent, today
from shared.edge import Edge


def router(edge: Edge) -> APIRouter:
    """Every page, fragment and JSON read of enrollment."""
    api = APIRouter()
    for part in (today, roll, sent, child, masks):
        api.include_router(part.router(edge))
    return api
