"""Accounts that act: in process as their viewer, or like a browser through the gateway."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import time
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from baoxue.simulation.joint import Act, Joint, joined
from baoxue.system import System
from shared.commands import Command, Done, run
from shared.decider import CommandRejected
from shared.edge import Edge
from shared.event_store import Conflict
from shared.rights import NotAllowed, Viewer
from shared.session import read_session
from shared.signing import PublicKeys

# One command of a hundred takes the whole way through the gateway.
THROUGH_GATEWAY_EVERY = 100
SESSIONS_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Deed:
    """A command that was accepted: when it was sent, by whom, with what."""

    at: datetime
    name: str
    account: str
    values: Mapping[str, Any]


class CommandRefused(Exception):
    """The system refused what an account wanted; `code` is the refusal's stable code."""

    def __init__(self, name: str, code: str, say: str) -> None:
        super().__init__(f"{name}: {code}: {say}")
        self.code = code


@dataclass(slots=True)
class Accounts:
    """Sends commands of accounts; counts them."""

    system: System
    keys: PublicKeys
    edges: Mapping[str, Edge]
    tables: Mapping[str, Mapping[str, Command]]
    sent: int = 0
    by_gateway: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    # Of the simulated clock; every deed of a command is kept with it.
    now: datetime | None = None
    deeds: list[Deed] = field(default_factory=list)
    _tokens: dict[str, str] = field(default_factory=dict)
    _viewers: dict[str, Viewer] = field(default_factory=dict)
    _joint: dict[str, Joint] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SESSIONS_AT_ONCE))

    async def viewer(self, account: str) -> Viewer:
        """Who the account is, as enrollment itself signs it into a session."""
        if account not in self._viewers:
            await self._session(account)
        return self._viewers[account]

    async def session(self, account: str) -> str:
        """A session's token, to act with as a browser does."""
        return await self._session(account)

    async def viewers(self, accounts: set[str]) -> None:
        """Sessions for many at once, so that a day does not wait for each."""
        unknown = [name for name in sorted(accounts) if name not in self._viewers]
        await asyncio.gather(*(self._session(name) for name in unknown))

    def forget(self, account: str) -> None:
        """After its roles have changed."""
        self._viewers.pop(account, None)

    @contextlib.asynccontextmanager
    async def together(self, service: str) -> AsyncIterator[None]:
        """Commands sent to a service meanwhile share transactions; send one after the other."""
        async with joined(self.edges[service]) as joint:
            self._joint[service] = joint
            try:
                yield
            finally:
                del self._joint[service]

    async def send(
        self, service: str, name: str, account: str, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """One command; returns `next` of the answer. Raises CommandRefused."""
        if (self.by_gateway + 1) * THROUGH_GATEWAY_EVERY <= self.sent + 1:
            return await self.through_gateway(service, name, account, values)
        self.sent += 1
        wish = {"command_id": str(uuid7()), **values}
        viewer = await self.viewer(account)
        command = self.tables[service][name]
        try:
            done = await self._run(service, lambda edge: run(edge, viewer, command, wish))
        except (CommandRejected, NotAllowed) as error:
            raise self._refused(name, error.code, str(error)) from error
        except Conflict as error:
            raise self._refused(name, "conflict", str(error)) from error
        self.did(name, account, values)
        return {"next": done.next}

    async def _run(self, service: str, act: Act[Done]) -> Done:
        """One transaction at a time: who waits for a ledger's lock must not hold another's."""
        for name, joint in self._joint.items():
            if name != service:
                await joint.commit()
        if joint := self._joint.get(service):
            return await joint.run(act)
        return await act(self.edges[service])

    async def through_gateway(
        self, service: str, name: str, account: str, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """As a program of the account would; a session that has run out is obtained again."""
        self.sent += 1
        self.by_gateway += 1
        for joint in self._joint.values():
            await joint.commit()  # the service would wait for our lock, and we for its answer
        wish = jsonable({"command_id": uuid7(), **values})
        for fresh in (False, True):
            token = await self._session(account, fresh=fresh)
            answer = await self.system.http.post(
                f"{self.system.settings.url_of('gateway')}/{service}/commands/{name}",
                json=wish,
                headers={"authorization": f"Bearer {token}", "accept": "application/json"},
            )
            if answer.status_code != 401:
                break
        told = answer.json()
        if answer.status_code >= 400:
            say = str(told.get("say", told))
            raise self._refused(name, str(told.get("code", answer.status_code)), say)
        self.did(name, account, values)
        return told

    def did(self, name: str, account: str, values: Mapping[str, Any]) -> None:
        """What a county has entered before its first day answers for nothing and is not kept."""
        if self.now is not None:
            self.deeds.append(Deed(self.now, name, account, values))

    async def _session(self, account: str, *, fresh: bool = False) -> str:
        if not fresh and account in self._tokens:
            return self._tokens[account]
        async with self._gate:
            token = await obtain(self.system, account)
        self._tokens[account] = token
        self._viewers[account] = session_viewer(self.keys, token)
        return token

    def _refused(self, name: str, code: str, say: str) -> CommandRefused:
        key = f"{name}: {code}"
        self.refused[key] = self.refused.get(key, 0) + 1
        return CommandRefused(name, code, say)


async def obtain(system: System, account: str) -> str:
    """A session of an account, as whoever holds the keys of the home may obtain it."""
    answer = await system.http.post(
        system.settings.url_of("enrollment") + "/enrollment/sessions",
        json={"account": account},
        headers=system.headers("enrollment"),
    )
    if answer.status_code >= 400:
        raise CommandRefused("sessions", str(answer.status_code), answer.text[:200])
    return answer.json()["token"]


def session_viewer(keys: PublicKeys, token: str) -> Viewer:
    return read_session(keys, token, time()).viewer


def jsonable(values: Mapping[str, Any]) -> dict[str, Any]:
    """UUIDs, dates and times as text, also within lists, as a form sends them."""
    return {name: _text(value) for name, value in values.items() if value is not None}


def _text(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | tuple):
        return [_text(one) for one in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value
