"""The image holds what the processes need, runs as nobody in particular, and nothing unpinned."""

import ast
import re

from tests.deploy.compose import OWN, ROOT, instructions, services

PACKAGES = ("baoxue", "services", "shared")


def copied() -> list[tuple[str, ...]]:
    return [tuple(rest.split()) for word, rest in instructions() if word == "COPY"]


def test_every_package_that_the_processes_import_is_copied() -> None:
    plain = {words[-1] for words in copied() if not words[0].startswith("--")}
    assert set(PACKAGES) <= plain
    assert imported_here() <= set(PACKAGES)


def imported_here() -> set[str]:
    """Top-level modules of this repository that the copied packages import."""
    ours = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    found: set[str] = set()
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {name.name.split(".")[0] for name in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module.split(".")[0])
    return found & ours


def test_everything_copied_is_let_through_and_exists() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    through = tuple(line[1:] for line in ignored if line.startswith("!"))
    for words in copied():
        if not words[0].startswith("--"):
            for source in words[:-1]:
                assert (ROOT / source).exists(), source
                assert source.startswith(through), source


def test_packages_come_from_the_hashed_lock_alone() -> None:
    [install] = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert "--require-hashes" in install
    assert "--no-deps" in install
    assert re.search(r"^\S+==\S+", (ROOT / "requirements.lock").read_text(encoding="ascii"), re.M)


def test_the_last_stage_runs_as_an_ordinary_user() -> None:
    words = [word for word, _ in instructions()]
    assert words.count("FROM") == 2
    assert [rest for word, rest in instructions() if word == "USER"] == ["baoxue"]
    assert words.index("USER") > len(words) - 1 - words[::-1].index("FROM")


def test_the_folders_that_volumes_cover_are_made_for_that_user() -> None:
    [made] = [rest for word, rest in instructions() if "install -d" in rest]
    for path in ("/var/lib/baoxue", *(f"/homes/{name}" for name in OWN)):
        assert f"{path} " in f"{made} "


def test_the_entry_point_and_the_commands_are_files_of_the_image() -> None:
    [entry] = [rest for word, rest in instructions() if word == "ENTRYPOINT"]
    for path in (entry.split("/srv/baoxue/")[1].rstrip('"]'), services()["hand-out"]["command"][1]):
        assert (ROOT / path).is_file()
        assert any(path in words[:-1] for words in copied())
