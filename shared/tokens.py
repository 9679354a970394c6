"""Finding sealed text: one folding for every comparison, and keyed tokens of its characters."""

import hmac
import unicodedata
from functools import lru_cache

# Middle dots that keyboards, fonts and spreadsheets put into names of several parts.
MIDDLE_DOTS = "\u00b7\u0387\u02d9\u1427\u2022\u2027\u2219\u22c5\u30fb\uff65"
DOT = "\u00b7"
# Variation selectors and fillers that show nothing but are no format characters.
UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u034f") | {chr(c) for c in range(0xFE00, 0xFE10)}
# Beyond this a query is no phrase any more; the exact filter still sees all of it.
QUERY_GRAMS = 200
# A county's texts use a few thousand characters and some ten thousand pairs of them.
REMEMBERED_TOKENS = 65_536

_DOTS = str.maketrans(dict.fromkeys(MIDDLE_DOTS, DOT))


def fold(text: str) -> str:
    """What two texts have in common when people call them the same: the form that is compared.

    Middle dots are one, blanks and invisible characters are nothing, width, case and compatibility
    forms are equal (NFKC, case folding). `fold(fold(x)) == fold(x)`.
    """
    # Dropping characters can bring a letter and its accent together, and case folding can open a
    # form that NFKC closes again; each round only shortens or settles, so this ends.
    while (folded := _fold_once(text)) != text:
        text = folded
    return text


def contains(text: str, query: str) -> bool:
    """Whether the folded query stands in the folded text; nothing contains an empty query."""
    wanted = fold(query)
    return bool(wanted) and wanted in fold(text)


def tokens(text: str, key: bytes) -> list[int]:
    """Signed 64-bit tokens of all single characters and pairs, sorted, for a `bigint[]` column.

    `key` is the token key of (ledger, class). Tokens show how often a character stands in a text
    to whoever holds the database: that is the known limit of this index.
    """
    folded = fold(text)
    return sorted(_token(key, gram) for gram in {*folded, *_pairs(folded)})


def query_tokens(query: str, key: bytes) -> list[int]:
    """Tokens that every text containing the query has: pairs, or the one character.

    Empty for an empty query. The result only narrows: `contains` decides.
    """
    folded = fold(query)
    grams = _pairs(folded) if len(folded) > 1 else list(folded)
    return sorted({_token(key, gram) for gram in grams[:QUERY_GRAMS]})


def number_token(number: str, key: bytes) -> bytes:
    """32 bytes that are equal exactly where two whole numbers of a document are.

    `key` is the deployment's `number_key()`. The whole HMAC, because a meeting of two shortened
    ones among 200 million people would make one child of two.
    """
    return hmac.digest(key, fold(number).upper().encode(), "sha256")


def _fold_once(text: str) -> str:
    plain = "".join(c for c in text.translate(_DOTS) if not _unseen(c))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).casefold())


def _unseen(character: str) -> bool:
    return (
        character.isspace()
        or character in UNSEEN
        or unicodedata.category(character) in ("Cf", "Cc", "Zs", "Zl", "Zp")
    )


def _pairs(folded: str) -> list[str]:
    return [folded[i : i + 2] for i in range(len(folded) - 1)]


@lru_cache(maxsize=REMEMBERED_TOKENS)
def _token(key: bytes, gram: str) -> int:
    digest = hmac.digest(key, gram.encode(), "sha256")
    return int.from_bytes(digest[:8], "big", signed=True)
