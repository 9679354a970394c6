"""A text cut around what was searched for, so that hits can be marked without markup inside."""

from shared.tokens import fold

AROUND_CHARACTERS = 40
HITS_LIMIT = 20

Piece = tuple[str, bool]


def excerpt(text: str, wanted: str) -> tuple[Piece, ...]:
    """Pieces of (text, is a hit), with some characters on both sides of the hits."""
    spans = hits(text, wanted)
    if not spans:
        return ((_cut(text, 2 * AROUND_CHARACTERS), False),) if text else ()
    first = max(0, spans[0][0] - AROUND_CHARACTERS)
    last = min(len(text), spans[-1][1] + AROUND_CHARACTERS)
    if last - first > 6 * AROUND_CHARACTERS:
        last = min(len(text), spans[0][1] + 4 * AROUND_CHARACTERS)
    pieces: list[Piece] = [("…", False)] if first else []
    at = first
    for begin, end in (span for span in spans if span[1] <= last):
        pieces += [(text[at:begin], False), (text[begin:end], True)]
        at = end
    pieces.append((text[at:last] + ("…" if last < len(text) else ""), False))
    return tuple(piece for piece in pieces if piece[0])


def hits(text: str, wanted: str) -> list[tuple[int, int]]:
    """Where in the text as it is written the folded query stands, as (begin, end)."""
    folded, origin = _folded(text)
    query = fold(wanted)
    found: list[tuple[int, int]] = []
    at = folded.find(query) if query else -1
    while at >= 0 and len(found) < HITS_LIMIT:
        found.append((origin[at], origin[at + len(query) - 1] + 1))
        at = folded.find(query, at + len(query))
    return found


def _folded(text: str) -> tuple[str, list[int]]:
    """The text folded character by character, and from which one each of its own comes."""
    folded: list[str] = []
    origin: list[int] = []
    for number, character in enumerate(text):
        one = fold(character)
        folded.append(one)
        origin += [number] * len(one)
    return "".join(folded), origin


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[:limit] + "…"
