"""What browsers get: nothing from elsewhere, colours by name, every word in English too."""

import hashlib
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from shared.web import filters, render, words

WEB = Path(render.__file__).parent
CSS = (WEB / "static" / "console.css").read_text(encoding="utf-8")
TOKENS = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", CSS))
HEX = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b")
LOOKED_UP = re.compile(r"""_\(\s*(?:"([^"]+)"|'([^']+)')""")
SCRIPT_SAID = re.compile(r'\bsay\("([^"]+)"')
PLACEHOLDER = re.compile(r"\{\w+\}")


def luminance(colour: str) -> float:
    full = colour if len(colour) == 7 else "#" + "".join(c * 2 for c in colour[1:])
    parts = [int(full[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(TOKENS[one]), luminance(TOKENS[other])), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3", "act", "link"])
@pytest.mark.parametrize("ground", ["surface", "paper"])
def test_every_text_colour_reads_on_every_ground(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= 4.5


@pytest.mark.parametrize(
    ("ink", "ground"), [("act", "act-ground"), ("link", "link-ground"), ("ink-2", "sunken")]
)
def test_text_reads_on_its_tinted_ground(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= 4.5


@pytest.mark.parametrize("graphic", ["edge", "leave", "present"])
def test_borders_and_graphics_are_seen(graphic: str) -> None:
    assert contrast(graphic, "paper") >= 3


def test_colours_are_used_by_name() -> None:
    beyond_names = CSS.split("}", 1)[1]
    assert HEX.findall(beyond_names) == []
    drawn = {c for path in templates() for c in HEX.findall(path.read_text(encoding="utf-8"))}
    assert {c.lower() for c in drawn} <= set(TOKENS.values())


def templates() -> list[Path]:
    return sorted((WEB / "templates").rglob("*.html"))


def test_everything_the_pages_say_has_english() -> None:
    english = words._english()["pages"]
    said = {a or b for path in templates() for a, b in LOOKED_UP.findall(path.read_text("utf-8"))}
    assert said - set(english) == set()


def test_everything_the_scripts_say_has_english() -> None:
    english = words._english()["scripts"]
    scripts = (WEB / "static").glob("*.js")
    said = {s for path in scripts for s in SCRIPT_SAID.findall(path.read_text("utf-8"))}
    assert said - set(english) == set()


def test_translations_keep_their_placeholders() -> None:
    for part in words._english().values():
        for chinese, english in part.items():
            assert sorted(PLACEHOLDER.findall(chinese)) == sorted(PLACEHOLDER.findall(english))


def test_vendored_files_are_the_recorded_ones_and_name_no_other_host() -> None:
    vendor = WEB / "static" / "vendor"
    table = (vendor / "VENDORED.md").read_text(encoding="utf-8")
    for script in vendor.glob("*.js"):
        content = script.read_bytes()
        assert hashlib.sha256(content).hexdigest() in table
        assert b"sourceMappingURL" not in content
        assert b"https://" not in content
    assert (WEB / "static" / render.HTMX).exists()


def test_no_page_loads_anything_from_elsewhere() -> None:
    for path in [*templates(), *(WEB / "static").glob("*.*s")]:
        assert "//" not in re.sub(r"^\s*//.*$", "", path.read_text("utf-8"), flags=re.M) or (
            not re.search(r"https?://", path.read_text("utf-8"))
        )
    assert "'unsafe" not in render.CONTENT_SECURITY_POLICY


def test_values_are_escaped() -> None:
    say = words.speaker("zh")
    assert "<b>" not in say("{n} 件", n="<b>")
    assert filters.breakable("<i>·b") == "&lt;i&gt;·<wbr>b"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("990101201209031027", "990101 20120903 1027"),
        ("99010120120903102X", "990101 20120903 102X"),
        ("G990101", "G990101"),
    ],
)
def test_id_numbers_are_grouped(value: str, shown: str) -> None:
    assert filters.grouped_id(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("13800006027", "138 **** 6027"),
        ("990101201209031027", "990101 **** **** ****"),
        ("吉克木呷", "吉克**"),
        ("阿依", "阿*"),
    ],
)
def test_values_are_masked(value: str, shown: str) -> None:
    assert filters.masked(value) == shown


def test_times_are_shown_in_business_time() -> None:
    moment = datetime(2026, 11, 17, 23, 30, tzinfo=UTC)
    assert filters.sentence_moment(moment) == "11月18日 07:30"
    assert filters.table_moment(moment, date(2027, 1, 1)) == "2026-11-18 07:30"
    assert filters.weekday(moment) == "星期三"


def test_lateness_is_spelled_in_days_and_hours() -> None:
    happened = datetime(2026, 11, 4, 0, 5, tzinfo=UTC)
    recorded = datetime(2026, 11, 9, 2, 22, tzinfo=UTC)
    assert filters.lateness(happened, recorded) == "5天02时"
    assert filters.lateness(happened, happened.replace(hour=3, minute=5)) == "3时00分"
    assert filters.lateness(recorded, happened) == "0时00分"
