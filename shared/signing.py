"""ES256 key pairs of the services: who signed a token, and nothing about what it means."""

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

ALGORITHM = "ES256"
SIGNERS = ("enrollment", "casework", "notify", "audit", "gateway", "sealer")
PUBLIC_KEYS = "jwks.json"
# A browser refuses a cookie above 4,096 bytes with its name and attributes.
MAX_TOKEN_BYTES = 3_800


class SigningKeyError(Exception):
    """A signing key that cannot be used; the message names the file and what to do."""


class BadToken(Exception):
    """Not a token of ours: unreadable, too large, or signed by nobody we know."""


@dataclass(frozen=True, slots=True)
class Signer:
    """The private key of one service; its name is the issuer of what it signs."""

    issuer: str
    key: ECKey

    def __repr__(self) -> str:
        return f"Signer({self.issuer})"

    def sign(self, claims: Mapping[str, object]) -> str:
        header = {"alg": ALGORITHM, "kid": self.key.kid}
        body = {"iss": self.issuer, **claims}
        token = jwt.encode(header, body, self.key, algorithms=[ALGORITHM])
        if len(token) > MAX_TOKEN_BYTES:
            raise ValueError(f"a token of {len(token)} bytes fits no cookie")
        return token


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The public keys of all services, from the JWKS file."""

    keys: KeySet

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token whose issuer signed it; times are the caller's to check.

        Raises BadToken.
        """
        if len(token) > MAX_TOKEN_BYTES:
            raise BadToken(f"a token of {len(token)} bytes")
        try:
            found = jwt.decode(token, self.keys, algorithms=[ALGORITHM])
        except (JoseError, ValueError, TypeError) as error:
            raise BadToken(type(error).__name__) from error
        # A key signs for its own service alone: notify cannot make a session of enrollment's.
        if _owner(str(found.header.get("kid"))) != found.claims.get("iss"):
            raise BadToken("signed with another issuer's key")
        return found.claims


def make_signing_keys(directory: Path, signers: Sequence[str] = SIGNERS) -> None:
    """Make the missing `<service>.signing.json` (0600) and write `jwks.json` anew (0644)."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    public: list[object] = []
    for name in signers:
        path = directory / f"{name}.signing.json"
        if not path.exists():
            _write(path, _new_key(name).as_dict(private=True), 0o600)
        public.append(load_signer(directory, name).key.as_dict(private=False))
    _write(directory / PUBLIC_KEYS, {"keys": public}, 0o644)


def load_signer(directory: Path, name: str) -> Signer:
    path = directory / f"{name}.signing.json"
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise SigningKeyError(f"{path} can be read by others: chmod 600 {path}")
        return Signer(name, ECKey.import_key(msgspec.json.decode(path.read_bytes())))
    except (OSError, msgspec.DecodeError, JoseError, ValueError) as error:
        raise SigningKeyError(f"{path} cannot be used ({error}): restore or remove it") from error


def load_public_keys(directory: Path) -> PublicKeys:
    path = directory / PUBLIC_KEYS
    try:
        return PublicKeys(KeySet.import_key_set(msgspec.json.decode(path.read_bytes())))
    except (OSError, msgspec.DecodeError, JoseError, ValueError) as error:
        raise SigningKeyError(f"{path} cannot be used ({error}): start the system again") from error


def _new_key(name: str) -> ECKey:
    bare = ECKey.generate_key("P-256")
    words = {"kid": f"{name}.{bare.thumbprint()[:16]}", "use": "sig", "alg": ALGORITHM}
    return ECKey.import_key({**bare.as_dict(private=True), **words})


def _owner(kid: str) -> str:
    return kid.partition(".")[0]


def _write(path: Path, content: object, mode: int) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(msgspec.json.encode(content))
    draft.rename(path)
