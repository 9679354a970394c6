"""events.csv: one mechanical rule from bodies and disclosures, which the verifier applies too."""

from collections.abc import Sequence

import msgspec

from services.audit.export.contents import Disclosure
from shared.event import read

BOM = b"\xef\xbb\xbf"
HEADER = (
    "log", "seq", "time", "occurredat", "type", "stream", "version", "subject", "actorid",
    "actorrole", "onbehalfof", "via", "policyversion", "data", "disclosed",
)  # fmt: skip
# A spreadsheet takes a text that begins so for a formula.
RISKY = ("=", "+", "-", "@", "\t", "\r")


def line(cells: Sequence[str]) -> bytes:
    """One row: every cell quoted and made harmless, ended by CRLF."""
    return (",".join(map(_quoted, cells)) + "\r\n").encode()


def cells_of(name: str, body: bytes, disclosed: Sequence[Disclosure]) -> tuple[str, ...]:
    """The cells of one entry of the log that is called `name`. Raises msgspec.DecodeError."""
    one = read(body)
    told = {each.path: each.text for each in disclosed}
    return (
        name,
        str(one.ledgerseq),
        one.time,
        one.occurredat,
        one.type,
        one.stream,
        str(one.streamversion),
        one.subject or "",
        one.actorid,
        one.actorrole,
        one.onbehalfof or "",
        one.via,
        one.policyversion,
        bytes(one.data).decode(),
        msgspec.json.encode(told).decode() if told else "",
    )


def harmless(text: str) -> str:
    """The text with `'` before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(RISKY) else text


def _quoted(text: str) -> str:
    return '"{}"'.format(harmless(text).replace('"', '""'))
