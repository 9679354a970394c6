"""Sentences of services that a page in English shows: nothing of ours is left in Chinese."""

from pathlib import Path

import pytest

from baoxue.gateway import AWAY
from baoxue.system_page import WHAT
from services.audit.pages.words import BOOKS
from services.casework.pages.policy_words import duties_section
from shared.policy.pack import seed_pack
from shared.web.english import CHINESE, english

SAID = (
    (
        "点名，应在 11月5日 周四 09:00 前办；已办，迟了",
        "Roll, was due by Thu 11-5 09:00; done late",
    ),
    (
        "上报辍学，应在 11月13日 周五 24:00 前办；不用办了　红源中心小学 五年级（1）班",
        "Dropout report, was due by Fri 11-13 24:00; no longer needed　红源中心小学 五年级（1）班",
    ),
    (
        "重点生每周家访，应在 11月22日 周日 24:00 前办　松溪中心小学 五年级（1）班",
        "Weekly visit of a key pupil, was due by Sun 11-22 24:00　松溪中心小学 五年级（1）班",
    ),
    (
        "二年级（1）班 松溪中心小学　0/2 次　已告知班主任、校长",
        "二年级（1）班 松溪中心小学　0 of 2 times　told: Homeroom teacher, Principal",
    ),
    ("最近一次核对尾部 11-30 22:13。", "Ends of the logs last compared 11-30 22:13."),
    ("22 分钟前", "22 min ago"),
    ("核对尾部，16 本账", "ends compared, 16 logs"),
    ("收下了 83 行", "83 rows taken in"),
    ("2026年秋季学期 2026-09-01—2027-01-15", "autumn term 2026 2026-09-01 – 2027-01-15"),
    (
        "别人（或另一个页面）刚改过，请看新内容再提交。",
        (
            "Somebody else (or another page) has just changed this."
            " See the new content, then send again."
        ),
    ),
)


@pytest.mark.parametrize(("chinese", "said"), SAID)
def test_a_line_is_told_in_english(chinese: str, said: str) -> None:
    assert english(chinese) == said


def test_what_the_shipped_rules_say_of_a_duty_is_wholly_in_english() -> None:
    rows = duties_section(seed_pack()).rows
    said = [text for row in rows for cell in row[:4] for text in (cell.text, cell.soft)]
    assert [text for text in said if CHINESE.search(english(text))] == []


def test_a_service_has_one_name_on_every_page() -> None:
    said = BOOKS["notify"]
    assert WHAT["notify"] == said and AWAY["notify"].startswith(said)
    published = Path("services/audit/verify.html").read_text(encoding="utf-8")
    assert f'["notify", "{said}"]' in published
    kept_apart = f"{said}{BOOKS['access']}"
    assert f'["notify.access", "{kept_apart}"]' in published
    assert CHINESE.search(english(kept_apart)) is None
