"""How a time until when something is due is said."""

from datetime import datetime

from shared.contracts.words import time_words, until_words
from shared.event import SHANGHAI


def test_a_midnight_belongs_to_the_day_that_ends() -> None:
    assert until_words(datetime(2026, 12, 1, 0, 0, tzinfo=SHANGHAI)) == "11月30日 周一 24:00"
    assert until_words(datetime(2026, 11, 30, 9, 0, tzinfo=SHANGHAI)) == "11月30日 周一 09:00"
    assert time_words(datetime(2026, 12, 1, 0, 0, tzinfo=SHANGHAI)) == "11月30日 24:00"
