"""`up` with one sample service, as a program that a test can signal."""

import os
import sys

from rich.console import Console

from baoxue.engines.outcome import EngineFailed
from baoxue.up import Service, Settings, up
from tests.engines.sample_service import OFFSET

SAMPLES = (Service("sample", "tests.engines.sample_service", OFFSET),)


def main() -> None:
    try:
        up(Settings.read(os.environ), Console(width=400), services=SAMPLES, before=())
    except EngineFailed as failed:
        sys.exit(f"✗ {failed.line}")


if __name__ == "__main__":
    main()
