"""Tampering with attachments: the files of a case that its events commit to."""

from random import Random

from tests.audit.bundle.mutants import (
    TAMPERED,
    Mutant,
    kind,
    lines,
    put_lines,
    read,
    rows_again,
    turn,
)
from tests.audit.bundle.mutants_proofs import written
from tests.audit.bundle.synthetic import Parts


def files(made: Parts) -> list[str]:
    """The names of the attachments in a bundle."""
    return [name for name in made.members if name.startswith("attachments/")]


def _named(made: Parts, name: str) -> int:
    """Which line of disclosures.jsonl names a file."""
    told = [read(line)["text"] for line in lines(made, "disclosures.jsonl")]
    return told.index(name)


def _seq(made: Parts, name: str) -> int:
    return read(lines(made, "disclosures.jsonl")[_named(made, name)])["seq"]


@kind("CASE", TAMPERED, "check_files", "check_commitment", "check_rest")
def attachment_byte_by_hand(random: Random, made: Parts) -> Mutant:
    name = random.choice(files(made))
    made.members[name], _ = turn(random, made.members[name])
    return Mutant(made.pack(), _seq(made, name), "/attachment")


@kind("CASE", TAMPERED, "check_commitment", "check_rest")
def attachment_by_the_system(random: Random, made: Parts) -> Mutant:
    name = random.choice(files(made))
    made.members[name] = random.randbytes(random.randrange(999))
    return Mutant(made.reseal().pack(), _seq(made, name), "/attachment")


@kind("CASE", TAMPERED, "check_commitment", "check_rest")
def attachments_exchanged(random: Random, made: Parts) -> Mutant:
    one, other = random.sample(files(made), 2)
    made.members[one], made.members[other] = made.members[other], made.members[one]
    return Mutant(made.reseal().pack(), _seq(made, one), "/attachment")


@kind("CASE", TAMPERED, "check_commitment", "check_rest")
def one_attachment_for_two_entries(random: Random, made: Parts) -> Mutant:
    kept, gone = random.sample(files(made), 2)
    at, found = _named(made, gone), lines(made, "disclosures.jsonl")
    line = read(found[at])
    found[at] = written(line | {"text": kept})
    put_lines(made, "disclosures.jsonl", found)
    del made.members[gone]
    rows_again(made)
    return Mutant(made.reseal().pack(), line["seq"], "/attachment")


@kind("CASE", "UNEXPLAINED ERASURE", "check_explained")
def attachment_taken_out(random: Random, made: Parts) -> Mutant:
    name = random.choice(files(made))
    found = lines(made, "disclosures.jsonl")
    line = read(found.pop(_named(made, name)))
    put_lines(made, "disclosures.jsonl", found)
    del made.members[name]
    rows_again(made)
    return Mutant(made.reseal().pack(), line["seq"], "/attachment")


@kind("CASE SELECTION RANGE", TAMPERED, "check_rest")
def attachment_of_no_entry(random: Random, made: Parts) -> Mutant:
    name = f"attachments/{random.randbytes(32).hex()}.{random.choice(('jpeg', 'png', 'pdf'))}"
    names, attached = list(made.members), files(made)
    end = next(at for at, one in enumerate(names) if one.startswith("checkpoints/"))
    order = [*names[: end - len(attached)], *sorted([*attached, name]), *names[end:]]
    content = random.randbytes(random.randrange(999))
    made.members = {one: made.members.get(one, content) for one in order}
    return Mutant(made.reseal().pack(), None, name)
