"""A sealed value: personal data as it rests, readable only under its subject's key."""

from typing import Literal

import msgspec

SensitivityClass = Literal["identity", "contact", "narrative", "health", "family"]


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """AES-256-GCM of `salt(32) ‖ utf8` under the subject's key of its class.

    nonce, box and commit are standard base64; `commit` is SHA-256(`salt ‖ utf8`). `subject` is given
    only where it is not the envelope's subject.
    """

    sealed: Literal[1]
    cls: SensitivityClass = msgspec.field(name="class")
    nonce: str
    box: str
    commit: str
    subject: str | msgspec.UnsetType = msgspec.UNSET

    def __repr__(self) -> str:
        return f"Sealed({self.cls})"
