"""The command line's way to the system: through the gateway, as an account, like a browser."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import time
from typing import Any

import httpx2

from shared.session import ALL_LEDGERS, sign_call
from shared.settings import Settings
from shared.signing import SigningKeyError, load_signer

TIMEOUT_SECONDS = 120.0
OPERATOR = "operator"


class Unreachable(Exception):
    """The system does not answer: exit code 3."""


class Refused(Exception):
    """The system refused: `say` tells what to do; exit code 1, or 2 for an unusable call."""

    def __init__(self, status: int, told: Mapping[str, Any]) -> None:
        super().__init__(str(told.get("say", told)))
        self.status, self.told = status, dict(told)


@dataclass(slots=True)
class Client:
    """Asks the gateway with one account's session."""

    http: httpx2.Client

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> httpx2.Response:
        """Raises Unreachable, Refused."""
        return self._asked("GET", path, params=_given(params))

    def post(self, path: str, json: Any = None, **more: Any) -> httpx2.Response:
        """Raises Unreachable, Refused."""
        return self._asked("POST", path, json=json, **more)

    def lines(self, path: str, params: Mapping[str, Any]) -> Iterator[str]:
        """Lines of a long answer to a POST, as they come. Raises Unreachable, Refused."""
        try:
            with self.http.stream("POST", path, params=_given(params)) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise Refused(answer.status_code, _told(answer))
                yield from answer.iter_lines()
        except httpx2.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}") from error

    def _asked(self, method: str, path: str, **how: Any) -> httpx2.Response:
        try:
            answer = self.http.request(method, path, **how)
        except httpx2.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}") from error
        if answer.status_code >= 400:
            raise Refused(answer.status_code, _told(answer))
        return answer


def _given(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {k: v for k, v in (params or {}).items() if v is not None}


def _told(answer: httpx2.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {"say": answer.text[:300]}
    return found if isinstance(found, dict) else {"say": str(found)}


@contextmanager
def client(account: str | None = None) -> Iterator[Client]:
    """A client of the system at BAOXUE_HOME, acting as `account` (else the operator).

    Who can read the home's keys may obtain a session; the access ledger keeps that it was so.
    """
    settings = Settings()
    base = f"http://{settings.host}:{settings.port}"
    with httpx2.Client(base_url=base, timeout=TIMEOUT_SECONDS) as http:
        http.headers["accept"] = "application/json"
        token = obtain(http, settings, account or OPERATOR)
        http.headers["authorization"] = f"Bearer {token}"
        yield Client(http)


def obtain(http: httpx2.Client, settings: Settings, account: str) -> str:
    """A session of `account`. Raises Unreachable, Refused."""
    try:
        signer = load_signer(settings.home / "secrets", "gateway")
    except SigningKeyError as error:
        raise Unreachable(str(error)) from error
    token = sign_call(signer, "enrollment", [ALL_LEDGERS], time())
    asked = Client(http).post(
        "/enrollment/sessions",
        json={"account": account},
        headers={"authorization": f"Bearer {token}"},
    )
    return asked.json()["token"]
