"""The guides say what is: their tables, links and names are compared with the code."""

import re
from pathlib import Path

import pytest

from shared.contracts import topics
from shared.contracts.decode import EVENTS
from shared.kafka import MESSAGE_LIMIT_BYTES
from shared.metrics import Metrics
from shared.settings import PORT_OFFSETS
from tests.deploy.test_compose import variables_read
from tests.documents import events

ROOT = Path(__file__).parents[2]
GUIDES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
VARIABLE = re.compile(r"\bBAOXUE_[A-Z_]+[A-Z]\b")
# A path of the repository in backticks; a name with a blank or a placeholder is something else.
PATH = re.compile(r"`((?:docs|deploy|shared|services|baoxue|tests)/[\w./-]+)`")
NEEDED = ("integrators", "operators", "inspectors", "contributors", "glossary", "events")
OUTSIDE_CODE = {"BAOXUE_CACHE", "BAOXUE_TEST_DATABASE_URL", "BAOXUE_TEST_KAFKA"}


def text_of(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def test_the_table_of_events_is_what_the_contracts_say() -> None:
    assert events.FILE.read_text(encoding="utf-8") == events.page()


def test_every_published_event_stands_in_the_table() -> None:
    shown = events.FILE.read_text(encoding="utf-8")
    assert all(f"| `{events.bare(name)}` |" in shown for name in EVENTS)


def test_every_guide_is_there() -> None:
    assert {ROOT / "docs" / f"{name}.md" for name in NEEDED} <= set(GUIDES)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(guide: Path) -> None:
    shown = re.sub(r"<!--.*?-->", "", guide.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in LINK.findall(shown):
        if "://" not in target:
            assert (guide.parent / target).exists(), target


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_paths_named_exist(guide: Path) -> None:
    for path in PATH.findall(guide.read_text(encoding="utf-8")):
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_variables_named_are_read(guide: Path) -> None:
    named = set(VARIABLE.findall(guide.read_text(encoding="utf-8")))
    assert named <= variables_read() | OUTSIDE_CODE


def test_the_operators_guide_names_every_port_and_figure() -> None:
    said = text_of("operators")
    for name in PORT_OFFSETS:
        assert name in said
    for family in Metrics("casework").registry.collect():
        assert f"`{family.name}`" in said, family.name


def test_the_integrators_guide_names_every_header_and_limit() -> None:
    said = text_of("integrators")
    for name in ("SUBJECT", "SOURCE", "LEDGER_SEQ", "TYPE", "PREVIOUS_HASH"):
        assert f"`{getattr(topics, name)}`" in said
    assert f"{topics.PARTITIONS} partitions" in said
    assert f"{MESSAGE_LIMIT_BYTES // 1024} KiB" in said
    for topic in topics.all_topics(""):
        assert topic.partition(".")[2] in said
