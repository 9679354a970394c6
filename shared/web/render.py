"""Renders pages: the template environment, the assets, and what a browser may load."""

import hashlib
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.staticfiles import StaticFiles

from shared.web import english, filters, rail, strip
from shared.web.words import Language, script_words, speaker

HERE = Path(__file__).parent
STATIC = HERE / "static"
STATIC_ROOT = "/static"
HTMX = "vendor/htmx-4.0.1.min.js"
DIGEST_CHARACTERS = 12

# No inline scripts or styles and no other host: a stored text can then never run or call home.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Mapping[str, str] = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    # Pages show personal data: no shared or disk cache keeps them.
    "cache-control": "no-store",
}


@cache
def asset(name: str) -> str:
    """The address of an asset, with a digest, so that a browser may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:DIGEST_CHARACTERS]
    return f"{STATIC_ROOT}/{name}?v={digest}"


@cache
def templates(lang: Language = "zh") -> Environment:
    """The environment of one language: autoescape, `_`, filters; unknown names are errors."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=english.drawn if lang == "en" else None,
    )
    environment.filters |= _filters(lang)
    environment.globals |= {
        "_": speaker(lang, english.english),
        "lang": lang,
        "asset": asset,
        "HTMX": HTMX,
        "script_words": script_words(lang),
        "strip_drawing": strip.drawing,
        "rail_drawing": rail.drawing,
    }
    return environment


def _filters(lang: Language) -> dict[str, Any]:
    return {
        "on": partial(filters.sentence_date, lang=lang),
        "md": filters.table_date,
        "ymd": filters.full_date,
        "hm": filters.clock_time,
        "mdhm": filters.table_moment,
        "moment": partial(filters.sentence_moment, lang=lang),
        "weekday": partial(filters.weekday, lang=lang),
        "zhou": partial(filters.weekday, lang=lang, short=True),
        "idnumber": filters.grouped_id,
        "phone": filters.grouped_phone,
        "mask": filters.masked,
        "breakable": filters.breakable,
        "thousands": filters.thousands,
        "rate": filters.per_thousand,
        "late": lambda pair: filters.lateness(*pair, lang=lang),
        "input_date": filters.input_date,
        "iso": lambda moment: filters.local(moment).isoformat(),
        "local_input": lambda moment: f"{filters.local(moment):%Y-%m-%dT%H:%M}",
        "names": ("、" if lang == "zh" else ", ").join,
    }


def render(name: str, request_lang: Language, **context: object) -> str:
    """The HTML of template `name` in `request_lang`.

    A page takes `layout` (`models.layout.Layout`) and `page` (the view model its template names);
    a part of a first page takes `part` and `now`.
    """
    return templates(request_lang).get_template(name).render(**context)


def static_files() -> StaticFiles:
    """The assets as an application to mount under `STATIC_ROOT`."""
    return StaticFiles(directory=STATIC)
