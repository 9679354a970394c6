"""What enrollment answers beside its pages and commands: sign-in, sessions, founding."""

from fastapi import APIRouter

from services.enrollment.api import calls, founding, signing_in
from shared.edge import Edge

PREFIX = "/enrollment"


def router(edge: Edge) -> APIRouter:
    api = APIRouter(prefix=PREFIX)
    for part in (calls, founding, signing_in):
        api.include_router(part.router(edge))
    return api
