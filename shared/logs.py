"""Structured logs: one event name and scalar fields, never a person's values."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

FIELD_LIMIT_CHARACTERS = 500


def _scalars_only(
    _logger: object, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Objects could carry names; only scalars pass, and long texts are cut."""
    for key, value in list(fields.items()):
        if isinstance(value, str):
            fields[key] = value[:FIELD_LIMIT_CHARACTERS]
        elif not isinstance(value, int | float | bool | type(None)):
            fields[key] = type(value).__name__
    return fields


def configure(service: str, level: str) -> None:
    """JSON lines on standard error, each bound to the service's name."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _scalars_only,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
