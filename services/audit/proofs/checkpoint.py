"""The text of a checkpoint (C2SP tlog-checkpoint without extension lines)."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from services.audit.proofs.tree import HASH_BYTES, SIZE_LIMIT

_SHAPE: Final = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n", re.ASCII)


class CheckpointWrong(ValueError):
    """A text is no checkpoint of ours."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root (32 bytes) of a log at a size."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Three lines, each ended: origin, size in decimal, root in base64."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse(text: str) -> Checkpoint:
    """Read the text that a note signs; raises CheckpointWrong for anything but three lines."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise CheckpointWrong("a checkpoint is three lines: origin, size, root in base64")
    origin, size, encoded = found.groups()
    checkpoint = Checkpoint(origin, int(size), base64.b64decode(encoded))
    if len(checkpoint.root) != HASH_BYTES or checkpoint.size >= SIZE_LIMIT:
        raise CheckpointWrong(f"a checkpoint's root has {HASH_BYTES} bytes, its size a limit")
    if checkpoint.text() != text:
        raise CheckpointWrong("a checkpoint's root is canonical base64")
    return checkpoint
