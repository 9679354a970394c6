"""Opens what a page shows, through its readings: many values of many records at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from services.audit.queries.names import Names
from shared.reading import Reading
from shared.sealed import Sealed
from shared.web.words import Language


@dataclass(frozen=True, slots=True)
class Said:
    """What a page may say: names of people that are open, names of units, in a language."""

    people: Mapping[str, str]
    known: Names
    lang: Language


class Wanted(NamedTuple):
    """A sealed value of a person in a record at `path` (None: wherever the viewer's roles hold)."""

    owner: str
    field: str
    sealed: Sealed
    path: str | None = None


async def open_each(reading: Reading, wanted: Sequence[Wanted]) -> list[str]:
    """The texts in order; what may not or cannot be opened is what the reading puts in place."""
    by_path: dict[str | None, list[int]] = defaultdict(list)
    for number, one in enumerate(wanted):
        by_path[one.path].append(number)
    texts = [""] * len(wanted)
    for path, numbers in by_path.items():
        values = [(wanted[n].owner, wanted[n].field, wanted[n].sealed) for n in numbers]
        for number, text in zip(numbers, await reading.open_all(values, path), strict=True):
            texts[number] = text
    return texts


async def open_names(reading: Reading, names: Names, people: Sequence[str]) -> Mapping[str, str]:
    """The names of those people that have one here: uuid → name."""
    known = [one for one in dict.fromkeys(people) if one in names.people]
    wanted = [Wanted(one, "name", names.people[one], names.paths.get(one)) for one in known]
    return dict(zip(known, await open_each(reading, wanted), strict=True))
