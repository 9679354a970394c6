"""Which keys a bundle names: its logs' and audit's own, also before that one's first seal."""

from pathlib import Path

import msgspec

from services.audit.export.making import TRUST, verifier_keys
from services.audit.proofs.note import verifier_key

PUBLIC = bytes(range(32))


def test_the_first_export_of_a_county_names_the_key_of_audits_own_log(tmp_path: Path) -> None:
    sealed = "baoxue.test/990102/casework/simulated"
    own = "baoxue.test/990102/audit/simulated"
    known = {"keys": [verifier_key(sealed, PUBLIC)]}
    (tmp_path / TRUST).write_bytes(msgspec.json.encode(known))
    keys = verifier_keys(tmp_path, {sealed}, "990102")
    assert keys == sorted([verifier_key(sealed, PUBLIC), verifier_key(own, PUBLIC)])


def test_without_the_sealers_file_no_key_is_named(tmp_path: Path) -> None:
    assert verifier_keys(tmp_path, {"baoxue.test/990102/casework"}, "990102") == []
