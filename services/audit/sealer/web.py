"""The sealer's own HTTP: health, status and figures; it takes no orders."""

import time
from typing import Any

from fastapi import FastAPI, Response

from services.audit.sealer.report import Report
from shared.metrics import CONTENT_TYPE


def make_app(report: Report) -> FastAPI:
    """`/health/live`, `/health/ready`, `/status`, `/metrics`."""
    app = FastAPI(title="baoxue sealer", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live", "service": "sealer"}

    @app.get("/health/ready")
    async def ready(response: Response) -> dict[str, Any]:
        found = report.status(time.time())
        response.status_code = 200 if found["ready"] else 503
        return found

    @app.get("/status")
    async def whole() -> dict[str, Any]:
        return report.status(time.time())

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(report.render(), media_type=CONTENT_TYPE)

    return app
