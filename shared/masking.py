"""What is shown of a personal value that nobody has opened: enough to tell two apart, no more."""

import unicodedata
from collections.abc import Callable, Mapping

STARS = "****"
PHONE_DIGITS = 11
ID_CHARACTERS = 18


def mask(field: str, text: str) -> str:
    """The masked form of a field of a child or of staff; of an unknown field only stars."""
    return MASKS.get(field, mask_all)(_plain(text))


def mask_phone(text: str) -> str:
    """`138 **** 6027`; of a number of another length the last two digits."""
    plain = _plain(text)
    if len(plain) == PHONE_DIGITS:
        return f"{plain[:3]} {STARS} {plain[-4:]}"
    return _tail(plain)


def mask_id(text: str) -> str:
    """`530624 **** **** 1234`; of a number of another length the last two characters."""
    plain = _plain(text)
    if len(plain) == ID_CHARACTERS:
        return f"{plain[:6]} {STARS} {STARS} {plain[-4:]}"
    return _tail(plain)


def mask_name(text: str) -> str:
    """The first character and a star for each other one, at most three."""
    plain = _plain(text)
    return plain[:1] + "*" * min(len(plain) - 1, 3) if plain else ""


def mask_all(text: str) -> str:
    return STARS if text else ""


def group_id(text: str) -> str:
    """An opened number as people read it: 6 8 4. Copied from the page it has no blanks."""
    plain = _plain(text)
    if len(plain) != ID_CHARACTERS:
        return plain
    return f"{plain[:6]} {plain[6:14]} {plain[14:]}"


MASKS: Mapping[str, Callable[[str], str]] = {
    "name": mask_name,
    "guardian": mask_name,
    "guardian2": mask_name,
    "phone": mask_phone,
    "phone2": mask_phone,
    "idnumber": mask_id,
    "studentnumber": mask_id,
}


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _tail(plain: str) -> str:
    # Of something short even two characters would be most of it.
    return f"{STARS} {plain[-2:]}" if len(plain) > 6 else mask_all(plain)
