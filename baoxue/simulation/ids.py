"""Command ids of a plan: the same for the same deed, so that a run broken off can be taken up."""

from uuid import UUID, uuid5

from baoxue.simulation.county import County

DEEDS = UUID("5f0c6f0e-0c8e-5b0f-8d1b-2f6b7d0a9e31")


def command_id(county: County, *deed: object) -> UUID:
    """`deed` names what is done once in the county's life: what, to whom, on which day."""
    return uuid5(DEEDS, "|".join((county.code, county.seed, *map(str, deed))))
