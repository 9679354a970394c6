"""Every value that code reads stands in the schema and in the words of the console."""

import re
from pathlib import Path

from shared.policy.pack import parameter_paths, seed_pack
from shared.policy.parameter_words import PARAMETERS, paths_of, value_words

ROOT = Path(__file__).parents[2]
READ = re.compile(r"\bvalues((?:\.[a-z_0-9]+)+)")
# A parameter whose reader is not written yet is in the schema, with its source, from the start.
PATHS = set(parameter_paths(seed_pack().values))


def read_by_code() -> set[str]:
    """`absence.streak.more_than_days` out of `pack.values.absence.streak.more_than_days`."""
    found: set[str] = set()
    for folder in ("services", "shared", "baoxue"):
        for file in (ROOT / folder).rglob("*.py"):
            for match in READ.findall(file.read_text(encoding="utf-8")):
                found.add(match.lstrip("."))
    return found


def known(path: str) -> bool:
    """A value, or a part of one or more: `monitoring.days_for` is a method of a part."""
    parts = path.split(".")
    return any(".".join(parts[:n]) in PATHS for n in range(1, len(parts) + 1)) or any(
        one.startswith(".".join(parts[:n]) + ".") for one in PATHS for n in range(1, len(parts) + 1)
    )


def test_every_value_that_code_reads_exists_in_the_schema() -> None:
    first = {path.partition(".")[0] for path in PATHS}
    paths = {path for path in read_by_code() if path.partition(".")[0] in first}
    assert len(paths) > 15, "the search finds what code reads"
    assert {path for path in paths if not known(path)} == set()


def test_every_value_of_the_schema_has_words_and_a_source() -> None:
    shown = {one for path in PARAMETERS for one in paths_of(path)}
    assert shown == PATHS
    for path in PARAMETERS:
        assert value_words(seed_pack(), path, "zh")
        assert all(seed_pack().basis(one) for one in paths_of(path))


def test_a_value_is_read_with_its_operator() -> None:
    pack = seed_pack()
    assert value_words(pack, "absence.streak.more_than_days", "zh") == "超过（不含本数） 3 个上学日"
    assert value_words(pack, "target.school_retention.percent", "zh") == "以上（含本数） 98%"
    assert value_words(pack, "target.class_dropout.percent", "en") == "at most 2%"
