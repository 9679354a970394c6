"""The compose file and the image's build file, read as the tests compare them with the code."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
PARTS = ROOT / "deploy" / "compose"
OWN = ("gateway", "enrollment", "casework", "notify", "audit", "sealer")

_GIVEN = re.compile(r"\$\{(\w+)[^}]*\}")


def compose() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))


def services() -> dict[str, dict[str, Any]]:
    return compose()["services"]


def given_names() -> set[str]:
    """What the compose file takes from `.env`."""
    text = COMPOSE.read_text(encoding="utf-8")
    secrets = {one["environment"] for one in compose()["secrets"].values()}
    return set(_GIVEN.findall(text)) | secrets


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Target → source of each volume or folder that a service mounts."""
    split = [words.split(":") for words in service.get("volumes", [])]
    return {words[1]: words[0] for words in split}


def named_volumes(service: dict[str, Any]) -> set[str]:
    return {source for source in mounts(service).values() if not source.startswith((".", "/"))}


def instructions() -> list[tuple[str, str]]:
    """The build file's instructions in order, continued lines joined, comments left out."""
    text = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [
        (word, rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)
    ]
