"""Which rules hold for a day that may lie before the first version in force."""

from datetime import date

from shared.policy.pack import Pack, seed_pack
from shared.rulebook import Rules, RulesMissing


def pack_on(rules: Rules, path: str, on: date, today: date) -> Pack:
    """The pack in force on `on`; for days before a county was founded, today's.

    Raises RulesMissing.
    """
    try:
        return rules.pack(path, on)
    except RulesMissing:
        return rules.pack(path, today)


def version_at(rules: Rules, path: str, today: date) -> str:
    """The policy version that an envelope names.

    A county just founded registers its units before its rules have come back from casework; nothing
    of that asks a rule, so the pack that ships is named.
    """
    try:
        return rules.pack(path, today).version
    except RulesMissing:
        return seed_pack().version
