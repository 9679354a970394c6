"""Sessions of people and calls between services: what their tokens say and how long they hold."""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec

from shared.rights import EVERYWHERE, Grant, Viewer
from shared.signing import BadToken, PublicKeys, Signer

SESSION_SECONDS = 15 * 60
RENEW_AFTER_SECONDS = 5 * 60
# An idle page may still be renewed, by enrollment alone, which looks the account up again.
IDLE_SECONDS = 2 * 60 * 60
SIGNED_IN_SECONDS = 12 * 60 * 60
CALL_SECONDS = 60
# Clocks of two hosts differ a little.
SKEW_SECONDS = 5

SESSION_ISSUER = "enrollment"
SESSION_AUDIENCE = "baoxue-session"
ALL_LEDGERS = "*"


class NotSignedIn(Exception):
    """No session, or one that no longer holds: answered 401, or by the sign-in page."""

    code = "not_signed_in"

    def __init__(self, say: str = "请先登录。") -> None:
        super().__init__(say)
        self.say = say


class SessionExpired(NotSignedIn):
    """The session was good and has run out."""

    code = "session_expired"

    def __init__(self) -> None:
        super().__init__("登录已过期，请重新登录。没有提交的内容还在。")


class NotACaller(Exception):
    """A call between services without a token that holds for this service and ledger."""

    code = "not_a_caller"


@dataclass(frozen=True, slots=True)
class Session:
    """Times in seconds of the machine's clock since 1970."""

    viewer: Viewer
    signed_in_at: int
    issued_at: int

    def expired(self, now: float) -> bool:
        return now >= self.issued_at + SESSION_SECONDS

    def due(self, now: float) -> bool:
        """Whether it is time to renew."""
        return now >= self.issued_at + RENEW_AFTER_SECONDS

    def renewable(self, now: float) -> bool:
        idle, signed_in = now - self.issued_at, now - self.signed_in_at
        return idle < IDLE_SECONDS and signed_in < SIGNED_IN_SECONDS


def sign_session(signer: Signer, viewer: Viewer, now: float, signed_in_at: float) -> str:
    """A session of 15 minutes; `signed_in_at` is kept through all renewals."""
    return signer.sign(
        {
            "aud": SESSION_AUDIENCE,
            "sub": viewer.account,
            "staff": viewer.staff,
            "by": viewer.obtained_by,
            "grants": _pack(viewer.grants),
            "since": int(signed_in_at),
            "iat": int(now),
            "exp": int(now) + SESSION_SECONDS,
        }
    )


def read_session(keys: PublicKeys, token: str, now: float) -> Session:
    """The session of a token. Raises NotSignedIn or SessionExpired."""
    session = read_renewable(keys, token, now)
    if session.expired(now):
        raise SessionExpired
    return session


def read_renewable(keys: PublicKeys, token: str, now: float) -> Session:
    """The session of a token that holds or may be renewed; only for the renewal itself."""
    try:
        claims = keys.verify(token)
        _check(claims, SESSION_AUDIENCE, now)
        if claims["iss"] != SESSION_ISSUER:
            raise BadToken("only enrollment signs sessions")
        session = _session(claims)
    except (BadToken, KeyError, ValueError, zlib.error, msgspec.DecodeError) as error:
        raise NotSignedIn from error
    if not session.renewable(now):
        raise SessionExpired
    return session


@dataclass(frozen=True, slots=True)
class Caller:
    """Another service, and the ledgers it may ask about."""

    service: str
    ledgers: frozenset[str]

    def require(self, ledger: str) -> None:
        if ledger not in self.ledgers and ALL_LEDGERS not in self.ledgers:
            raise NotACaller(f"{self.service} may not ask about ledger {ledger}")


def sign_call(signer: Signer, audience: str, ledgers: Collection[str], now: float) -> str:
    """A token of 60 s for calling the service `audience` about `ledgers` (`*` is all)."""
    return signer.sign(
        {
            "aud": audience,
            "ledgers": sorted(ledgers),
            "iat": int(now),
            "exp": int(now) + CALL_SECONDS,
        }
    )


def read_call(keys: PublicKeys, token: str, audience: str, now: float) -> Caller:
    """Who calls this service (`audience`). Raises NotACaller."""
    try:
        claims = keys.verify(token)
        _check(claims, audience, now)
        if now >= int(claims["exp"]) or int(claims["exp"]) - int(claims["iat"]) > CALL_SECONDS:
            raise BadToken("no longer holds")
        return Caller(claims["iss"], frozenset(claims["ledgers"]))
    except (BadToken, KeyError, ValueError, TypeError) as error:
        raise NotACaller(str(error)) from error


def _check(claims: dict[str, Any], audience: str, now: float) -> None:
    if claims["aud"] != audience:
        raise BadToken(f"made for {claims['aud']}")
    if int(claims["iat"]) > now + SKEW_SECONDS:
        raise BadToken("from the future")


def _session(claims: dict[str, Any]) -> Session:
    viewer = Viewer(
        account=claims["sub"],
        staff=claims["staff"],
        grants=_unpack(claims["grants"]),
        obtained_by=claims["by"],
    )
    return Session(viewer, int(claims["since"]), int(claims["iat"]))


def _pack(grants: Sequence[Grant]) -> str:
    # Thirty classes of one school share almost all of their path: packed they fit a cookie.
    rows = [(g.role, g.path, g.valid_from, g.valid_to) for g in grants]
    return urlsafe_b64encode(zlib.compress(msgspec.json.encode(rows), 9)).decode()


def _unpack(packed: str) -> tuple[Grant, ...]:
    rows = msgspec.json.decode(
        zlib.decompress(urlsafe_b64decode(packed)),
        type=list[tuple[str, str, date, date | None]],
    )
    return tuple(
        Grant(role=role, unit=_unit(path), path=path, valid_from=since, valid_to=to)
        for role, path, since, to in rows
    )


def _unit(path: str) -> str:
    return EVERYWHERE if path == EVERYWHERE else path.rpartition("/")[2]
