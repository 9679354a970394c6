"""What the sealer will not do, and why: each is stored, logged and shown."""


class Refused(Exception):
    """A log that is not signed as it stands; it is looked at again, nothing else changes.

    `seq`: the entry (1-based) or size it is about; `expected` and `found` are texts to compare.
    """

    def __init__(
        self, kind: str, origin: str, seq: int, *, expected: str = "", found: str = ""
    ) -> None:
        super().__init__(f"{origin} at {seq}: {kind}: expected {expected}, found {found}")
        self.kind, self.origin, self.seq = kind, origin, seq
        self.expected, self.found = expected, found

    def fields(self) -> dict[str, str | int]:
        """What is stored, logged and shown."""
        names = ("kind", "origin", "seq", "expected", "found")
        return {name: getattr(self, name) for name in names}


class RolledBack(Refused):
    """A source ends below what was signed: somebody restored an older copy. The process ends."""


class NotYet(Exception):
    """Something that a check needs has not been read yet; the next look finds it."""


class NoSuchLog(LookupError):
    """The sealer never signed a log of this origin."""
