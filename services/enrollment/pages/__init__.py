"""Enrollment's pages: first page, rolls, classes, children, accounts, calendar."""

from fastapi import APIRouter

from services.enrollment.pages import (
    accounts,
    child,
    children,
    classes,
    codes,
    forms,
    masks,
    office,
    roll,
    sent,
    today,
)
from shared.edge import Edge


def router(edge: Edge) -> APIRouter:
    """Every page, fragment and JSON read of enrollment."""
    api = APIRouter()
    for part in (
        today,
        roll,
        sent,
        classes,
        children,
        child,
        masks,
        forms,
        office,
        accounts,
        codes,
    ):
        api.include_router(part.router(edge))
    return api
