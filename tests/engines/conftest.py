"""A home of its own for each test of a server, and ports that nobody uses."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def home() -> Iterator[Path]:
    """A private folder under /tmp, as a careful user's home is."""
    folder = Path(tempfile.mkdtemp(prefix="baoxue-"))
    yield folder / "home"
    shutil.rmtree(folder)
