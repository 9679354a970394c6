"""Our trees, proofs, notes and paths against what others published about theirs.

- `rfc6962_proofs.jsonl`: all cases of `testdata/inclusion` and `testdata/consistency` of the
  repository transparency-dev/merkle at 417fb0c, one a line: name, index or old size, size, leaf
  hash or old root, root, path, whether it holds.
- Leaves, nodes and roots of eight entries: `testonly/constants.go` and `rfc6962_test.go` there,
  which take them from the reference implementation of RFC 6962.
- The example of seven leaves: RFC 9162, 2.1.5.
- Notes: the text of C2SP signed-note (c2sp.org/signed-note) and `sumdb/note/note_test.go` of the
  repository golang/mod at fe2ec04. The checkpoint: c2sp.org/tlog-checkpoint.
- Tiles: the text of c2sp.org/tlog-tiles.
"""

import json
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.proofs import checkpoint, note, tiles, tree
from services.audit.proofs.tree import ProofWrong

PROOFS = [
    json.loads(line)
    for line in Path(__file__).with_name("rfc6962_proofs.jsonl").read_text().splitlines()
]
# Its two equal roots are no hashes at all (neither has 32 bytes); ours wants hashes.
NO_HASHES = "consistency/additional/sizes-are-equal-one-and-proof-is-empty"

ENTRIES = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAVES = [tree.leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]


@pytest.mark.parametrize("case", PROOFS, ids=lambda case: case[0])
def test_proofs_hold_or_fail_as_published(case: list) -> None:
    name, first, size, one, root, path, holds = case
    hashes = [b64decode(value or "") for value in (one, root, *path)]
    verify = tree.verify_inclusion if name.startswith("inclusion") else tree.verify_consistency
    between = (hashes[2:], hashes[1]) if name.startswith("inclusion") else (hashes[1], hashes[2:])
    places = (hashes[0], first, size) if name.startswith("inclusion") else (first, size, hashes[0])
    if holds and name != NO_HASHES:
        verify(*places, *between)
    else:
        with pytest.raises(ProofWrong):
            verify(*places, *between)


def test_leaves_nodes_and_roots_are_the_published_ones() -> None:
    assert tree.leaf_hash(b"L123456").hex().startswith("395aa064aa4c29f7010acfe3f25db948")
    assert tree.node_hash(b"N123", b"N456").hex().startswith("aa217fe888e47007fa15edab33c2b492")
    for size, root in enumerate(ROOTS):
        assert tree.Edge().extended(LEAVES[:size]).root().hex() == root
        assert tree.root_at(size, tree.Tree(LEAVES).hashes).hex() == root


def test_the_seven_leaves_of_rfc_9162_have_its_proofs() -> None:
    leaves = [tree.leaf_hash(b"d%d" % number) for number in range(7)]
    a, b, c, d, e, f, j = leaves
    g, h, i = tree.node_hash(a, b), tree.node_hash(c, d), tree.node_hash(e, f)
    k, l_ = tree.node_hash(g, h), tree.node_hash(i, j)
    hashes = tree.Tree(leaves).hashes
    assert tree.inclusion(0, 7, hashes) == [b, h, l_]
    assert tree.inclusion(3, 7, hashes) == [c, g, l_]
    assert tree.inclusion(4, 7, hashes) == [f, j, k]
    assert tree.inclusion(6, 7, hashes) == [i, k]
    assert tree.consistency(3, 7, hashes) == [c, d, g, l_]
    assert tree.consistency(4, 7, hashes) == [l_]
    assert tree.consistency(6, 7, hashes) == [i, j, k]
    assert tree.Tree(leaves).root() == tree.node_hash(k, l_)


FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOO_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHj\
G1Yu72IneyaQM=
"""
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
BY_PETER = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb"
    "6KE6RyyBwJnAM=\n"
)
BY_ENOCH = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33W"
    "Wd1RvMc+QQ=\n"
)


def _keys(*texts: str) -> list[note.Verifier]:
    return [note.parse_verifier_key(text) for text in texts]


def test_published_notes_open_with_published_keys() -> None:
    assert note.open_note(FOO_NOTE, _keys(FOO)) == (
        "This is an example message.\n",
        ("example.com/foo",),
    )
    both = f"{TEXT}\n{BY_PETER}{BY_ENOCH}"
    assert note.open_note(both, _keys(PETER)) == (TEXT, ("PeterNeumann",))
    assert note.open_note(both, _keys(PETER, ENOCH)) == (TEXT, ("PeterNeumann", "EnochRoot"))
    with pytest.raises(note.NoteUnverified):
        note.open_note(both, [])


def test_our_signature_is_the_published_one() -> None:
    signer = note.NoteSigner("PeterNeumann", Ed25519PrivateKey.from_private_bytes(PETER_SEED))
    assert note.sign(TEXT, [signer]) == f"{TEXT}\n{BY_PETER}"
    assert note.verifier_key(signer.name, signer.verifier.public) == PETER


def test_repeated_signatures_count_once() -> None:
    odd = BY_ENOCH[:60] + "ABCD" + BY_ENOCH[60:]
    many = f"{TEXT}\n{BY_PETER}{BY_PETER}{BY_ENOCH}{BY_ENOCH}{odd}"
    assert note.open_note(many, _keys(PETER)) == (TEXT, ("PeterNeumann",))


@pytest.mark.parametrize(
    "malformed",
    [
        TEXT,
        TEXT + "\n",
        f"{TEXT}\n{BY_PETER[:-1]}",
        f"\x01{TEXT}\n{BY_PETER}",
        b"\xff" + f"{TEXT}\n{BY_PETER}".encode(),
        f"{TEXT}\n{BY_PETER.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{BY_PETER}Unexpected line.\n",
        f"{TEXT}\n{BY_PETER * 101}",
        f"{TEXT}\n{BY_PETER[:60]}ABCD{BY_PETER[60:]}",
    ],
)
def test_what_the_go_package_refuses_is_refused(malformed: str | bytes) -> None:
    with pytest.raises(note.NoteWrong) as refused:
        note.open_note(malformed, _keys(PETER))
    assert not isinstance(refused.value, note.NoteUnverified)


def test_the_published_checkpoint_reads_and_writes_back() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    read = checkpoint.parse(text)
    assert (read.origin, read.size) == ("example.com/behind-the-sofa", 20852163)
    assert read.text() == text


def test_tiles_are_named_and_wide_as_published() -> None:
    assert tiles.index_path(1234067) == "x001/x234/067"
    assert tiles.parse_index_path("x001/x234/067.p/8") == (1234067, 8)
    widths = [tiles.width_at(0, n, 70_000) for n in range(275)]
    assert (widths.count(256), widths[273], widths[274]) == (273, 112, 0)
    assert [tiles.width_at(1, n, 70_000) for n in range(3)] == [256, 17, 0]
    assert [tiles.width_at(2, n, 70_000) for n in range(2)] == [1, 0]
    assert (tiles.width_at(0, 0, 256), tiles.width_at(1, 0, 256)) == (256, 1)
