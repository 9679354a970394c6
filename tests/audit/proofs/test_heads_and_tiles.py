"""Head lines show all streams of a subject; tiles hold what the tree is made of."""

import random
from dataclasses import replace

import pytest

from services.audit.proofs import heads, tiles, tree
from services.audit.proofs.heads import HeadLine
from services.audit.proofs.tree import ProofWrong

LINES = heads.in_order(
    HeadLine(heads.subject_hash(f"child {n // 3}"), f"case-{n}", n + 1, 2 * n + 1, n + 1)
    for n in range(40)
)
TREE = heads.heads_tree(LINES)
ABSENT = "child 99"


@pytest.mark.parametrize("subject", [f"child {n}" for n in range(14)] + [ABSENT])
def test_a_subject_is_shown_with_all_its_streams(subject: str) -> None:
    proof = heads.prove_subject(LINES, subject, TREE)
    own = heads.verify_subject(subject, proof, TREE.size, TREE.root())
    assert list(own) == [line for line in LINES if line.subject_hash == heads.subject_hash(subject)]


@pytest.mark.parametrize("subject", [f"child {n}" for n in range(14)] + [ABSENT])
def test_a_subject_with_a_hidden_stream_is_refused(subject: str) -> None:
    """Even with a true range proof: without its neighbours it does not show that it is all."""
    proof = heads.prove_subject(LINES, subject, TREE)
    first, last = proof.first, proof.first + len(proof.lines) - 1
    for low, high in ((first + 1, last), (first, last - 1)):
        if low > high:
            continue
        left, right = tree.range_proof(low, high, TREE.size, TREE.hashes)
        part = heads.SubjectProof(low, tuple(LINES[low : high + 1]), tuple(left), tuple(right))
        with pytest.raises(ProofWrong):
            heads.verify_subject(subject, part, TREE.size, TREE.root())


@pytest.mark.parametrize("subject", ["child 3", ABSENT])
def test_a_changed_head_line_is_refused(subject: str) -> None:
    proof = heads.prove_subject(LINES, subject, TREE)
    line, rest = proof.lines[0], proof.lines[1:]
    for changed in (
        replace(line, version=line.version + 1),
        replace(line, seq=line.seq + 1),
        replace(line, count=line.count + 1),
        replace(line, stream=line.stream + "x"),
        replace(line, count=0),
        replace(line, subject_hash=b"short"),
        replace(line, seq=1 << 63),
    ):
        with pytest.raises(ProofWrong):
            heads.verify_subject(
                subject, replace(proof, lines=(changed, *rest)), TREE.size, TREE.root()
            )
    for odd in (replace(proof, first=proof.first + 1), replace(proof, lines=proof.lines[::-1])):
        with pytest.raises(ProofWrong):
            heads.verify_subject(subject, odd, TREE.size, TREE.root())


def test_an_empty_list_shows_that_a_subject_has_nothing() -> None:
    empty = heads.prove_subject([], ABSENT)
    assert heads.verify_subject(ABSENT, empty, 0, tree.EMPTY) == ()
    with pytest.raises(ProofWrong):
        heads.verify_subject(ABSENT, empty, TREE.size, TREE.root())


def test_lines_out_of_order_make_no_tree() -> None:
    with pytest.raises(ProofWrong, match="order"):
        heads.heads_tree([LINES[1], LINES[0]])
    with pytest.raises(ProofWrong, match="order"):
        heads.heads_tree([LINES[0], LINES[0]])


LEAVES = [tree.leaf_hash(b"%d" % n) for n in range(70_000)]


def _grown_by(chance: random.Random) -> dict[tuple[int, int], bytes]:
    stored, edge = dict[tuple[int, int], bytes](), tree.Edge()
    while edge.size < len(LEAVES):
        step = chance.choice([1, 3, 255, 256, 257, 1_000, 9_000])
        after, rows = edge.grown(LEAVES[edge.size : edge.size + step])
        parts = list(tiles.parts(edge.size, rows))
        assert [(part.level, part.n) for part in parts] == list(
            tiles.touched(edge.size, after.size)
        )
        for part in parts:
            before = stored.get((part.level, part.n), b"")
            assert len(before) == part.offset * tree.HASH_BYTES
            assert part.width == tiles.width_at(part.level, part.n, after.size)
            stored[part.level, part.n] = before + part.hashes
        edge = after
    assert edge.root() == tree.Tree(LEAVES).root()
    return stored


def test_tiles_hold_the_tree_however_it_grew() -> None:
    chance, whole = random.Random(2), tree.Tree(LEAVES)
    stored = _grown_by(chance)
    hashes = tiles.hashes_in(lambda level, n: stored[level, n])
    for _ in range(200):
        size = chance.randint(1, len(LEAVES))
        index, old = chance.randrange(size), chance.randrange(size)
        assert tree.inclusion(index, size, hashes) == tree.inclusion(index, size, whole.hashes)
        assert tree.consistency(old, size, hashes) == tree.consistency(old, size, whole.hashes)
        assert tree.root_at(size, hashes) == tree.root_at(size, whole.hashes)
    asked = tiles.tiles_for(lambda found: tree.inclusion(69_000, 70_000, found))
    part = tiles.hashes_in(lambda level, n: {at: stored[at] for at in asked}[level, n])
    assert tree.inclusion(69_000, 70_000, part) == tree.inclusion(69_000, 70_000, whole.hashes)
    with pytest.raises(IndexError):
        hashes(0, 70_000)


@pytest.mark.parametrize("n", [0, 1, 999, 1_000, 67, 1_234_067, 10**9])
def test_a_tile_path_reads_back(n: int) -> None:
    for width in (1, 8, 255, 256):
        path = tiles.tile_path(3, n, width)
        assert tiles.parse_tile_path(path.removeprefix("tile/")) == (3, n, width)


@pytest.mark.parametrize(
    "path",
    [
        "0/x000/001",
        "0/1",
        "0/0001",
        "0/x1/001",
        "0/001.p/256",
        "0/001.p/0",
        "0/001.p/01",
        "8/001",
        "00/001",
        "0/001.p/",
        "0",
        "-1/001",
        "0/x001",
        "0/٠٠١",
        "0/001/",
        "0/001\n",
    ],
)
def test_another_spelling_is_no_tile_path(path: str) -> None:
    with pytest.raises(tiles.TilePathWrong):
        tiles.parse_tile_path(path)
