"""Words that give away whose data an answer holds: names, numbers, ids, each with its owner."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from services.enrollment.domain.identity import check_character
from shared.rights import Viewer, covers
from shared.sealed import SensitivityClass

# Characters that stand in no page's own words: a name made of them is found nowhere by chance.
RARE = "鸢岫沅琬翊珩璟曦瑄昕旸珣琤琰珺玥钰钤铖锴锳铄镕沣沄泠洧淏滢潆澍瀚"
SURNAMES = "沙吉阿勒曲罗田白"
Kind = Literal["child", "staff", "unit", "account", "id"]


@dataclass(frozen=True, slots=True)
class Canary:
    """`path`: where the record is today; `cls` of a child's value; `owner` its subject."""

    text: str
    kind: Kind
    path: str
    owner: str = ""
    cls: SensitivityClass = "identity"

    @property
    def county(self) -> str:
        return self.path.split("/")[2]

    @property
    def is_name(self) -> bool:
        return self.kind in ("child", "staff") and self.cls == "identity" and len(self.text) == 3


@dataclass(slots=True)
class Canaries:
    """All of them, and the next name that nobody bears yet."""

    held: list[Canary] = field(default_factory=list)
    count: int = 0

    def name(self) -> str:
        """Three characters; no two names share their last two."""
        first, second = divmod(self.count, len(RARE) - 1)
        self.count += 1
        others = RARE.replace(RARE[first], "")
        return SURNAMES[self.count % len(SURNAMES)] + RARE[first] + others[second]

    def number(self) -> str:
        """An identity number of nobody: area 9901xx, with its check character."""
        self.count += 1
        body = f"99010120120903{self.count % 1000:03d}"
        return body + check_character(body)

    def phone(self) -> str:
        self.count += 1
        return f"1380000{self.count:04d}"

    def plant(
        self,
        text: str,
        kind: Kind,
        path: str,
        owner: object = "",
        cls: SensitivityClass = "identity",
    ) -> None:
        self.held.append(Canary(text, kind, path, str(owner), cls))


def sees(viewer: Viewer, canary: Canary, today: date) -> bool:
    """Whether an answer to the viewer may hold it, by rights alone: the test's own judgement.

    A child's values: within the jurisdiction of a role that opens their class. Staff, units: within
    the same county, since chains of duty go up and over, unless the role opens no names at all.
    """
    for grant, role in viewer.roles(today):
        everywhere = grant.path == "*"
        within = everywhere or covers(grant.path, canary.path)
        county = everywhere or covers(grant.path, canary.path) or canary.county in grant.path
        match canary.kind:
            case "child" if within and canary.cls in role.classes:
                return True
            case "staff" if county and "identity" in role.classes:
                return True
            case "unit" | "account" if county:
                return True
            case "id" if within:
                return True
    return False
