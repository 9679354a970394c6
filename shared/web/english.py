"""English for what services say: whole sentences, with what they fill in, by the words file.

Services write Chinese; a page in English looks up whatever a template is about to draw. Names and
notes are in no list of words and stay as they are; values that a form sends back are never drawn
through this (`|e` in the templates).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from markupsafe import Markup

from shared.access_words import PAGES, PURPOSES
from shared.contracts.state_names import STATE_NAMES, STEP_NAMES
from shared.contracts.words import WORDS
from shared.policy.pack import seed_pack_bytes
from shared.roles import ROLES
from shared.web.words import sentences, written

CHINESE = re.compile(r"[\u3400-\u9fff]")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
OF_PACK = re.compile(r"zh: ([^,}]+), en: ([^,}]+)")
# {n}, {m}, {k} are numbers; {day} and {time} as pages write them; any other name is any text.
FILLED: Mapping[str, str] = {
    "n": r"[\d,.]+",
    "m": r"[\d,.]+",
    "k": r"[\d,.]+",
    "d": r"\d+",
    "day": r"[\d-]+",
    "time": r"\d{1,2}:\d{2}",
}
JOINED = (("、", ", "), ("，", ", "), ("；", "; "), (" ", " "))
SPACE = "　"
# A sentence longer than this was written by a person.
LONGEST_CHARACTERS = 400


def drawn(value: object) -> object:
    """What a template draws in place of a value, in English; what is markup already stays."""
    if not isinstance(value, str) or isinstance(value, Markup) or not CHINESE.search(value):
        return value
    return english(value)


def english(text: str) -> str:
    """The text in English, or as it is where any part of it is neither a word nor a figure."""
    bare = text.strip()
    if not bare or len(bare) > LONGEST_CHARACTERS or bare.startswith("“"):
        return text
    return _most(tell(bare) for tell in (_whole, _filled, _headed, _joined)) or text


def _most(told: Iterable[str]) -> str:
    """The first that leaves nothing in Chinese, else the first that says anything.

    1 天后 校长，3 天后 县教育局工作人员 looks like somebody's name before a role, too.
    """
    first = ""
    for said in told:
        if said and not CHINESE.search(said):
            return said
        first = first or said
    return first


def _whole(text: str) -> str:
    return _words().get(text, "")


def _filled(text: str) -> str:
    return _most(_fillings(text))


def _fillings(text: str) -> Iterator[str]:
    for pattern, said in _patterns():
        if found := pattern.fullmatch(text):
            values = {name: english(value) for name, value in found.groupdict().items()}
            yield said.format(**values)


def _headed(text: str) -> str:
    """名字：该办的事; what stands before the colon may be a name."""
    head, colon, rest = text.partition("：")
    told = _whole(rest) or _filled(rest) if colon else ""
    return f"{english(head)}: {told}" if told else ""


def _joined(text: str) -> str:
    if SPACE in text:
        # What stands apart is told apart: a place keeps its name beside a sentence in English.
        return SPACE.join(map(english, text.split(SPACE)))
    for mark, said in JOINED:
        parts = text.split(mark)
        if len(parts) > 1:
            told = [english(part) for part in parts]
            if not any(CHINESE.search(part) for part in told):
                return said.join(told)
    return ""


@cache
def _words() -> dict[str, str]:
    """Chinese → English of every list of words; the file of the console goes before the others."""
    found = {zh.strip(): en.strip() for zh, en in OF_PACK.findall(seed_pack_bytes().decode())}
    found |= dict(WORDS.values()) | dict(PURPOSES.values()) | dict(PAGES.values())
    found |= {role.zh: role.en for role in ROLES.values()}
    found |= {name["zh"]: name["en"] for name in (*STATE_NAMES.values(), *STEP_NAMES.values())}
    told = written() | sentences()
    return found | {zh: en for zh, en in told.items() if not PLACEHOLDER.search(zh)}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Those of services first; of the pages' own only what has words around its places."""
    told = sentences() | {zh: en for zh, en in written().items() if "{link}" not in zh}
    return tuple((re.compile(_pattern(zh)), en) for zh, en in told.items() if _has_places(zh))


def _has_places(sentence: str) -> bool:
    """Each named once: a pattern cannot name two groups alike."""
    names = PLACEHOLDER.findall(sentence)
    return bool(names) and len(names) == len(set(names))


def _pattern(sentence: str) -> str:
    pieces = PLACEHOLDER.split(sentence)
    return "".join(
        re.escape(piece) if place % 2 == 0 else f"(?P<{piece}>{FILLED.get(piece, '.+?')})"
        for place, piece in enumerate(pieces)
    )
