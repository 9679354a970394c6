"""Waits until the sealer has signed what an export is to prove."""

import asyncio
from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from services.audit.ledger import logs
from services.audit.ledger.logs import Seal
from shared.decider import CommandRejected

WAIT_SECONDS = 10.0
POLL_SECONDS = 0.1


class SealerBehind(CommandRejected):
    """Nothing leaves the house that is not under a signature."""

    code = "sealer_behind"


async def wait_sealed(engine: AsyncEngine, sizes: Mapping[str, int]) -> dict[str, Seal]:
    """The newest seal of each origin once it has at least this size. Raises SealerBehind."""
    found: dict[str, Seal] = {}
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                async with engine.connect() as conn:
                    found = await logs.newest_seals(conn)
                if not _behind(found, sizes):
                    return found
                await asyncio.sleep(POLL_SECONDS)
    except TimeoutError as error:
        waits = "、".join(_behind(found, sizes))
        say = f"封印程序没有运行或还没有赶上（{waits}），所以没有导出。请管理员查看封印，稍后再试。"
        raise SealerBehind(say, origins=_behind(found, sizes)) from error


def _behind(found: Mapping[str, Seal], sizes: Mapping[str, int]) -> list[str]:
    return [
        origin
        for origin, size in sizes.items()
        if size and (origin not in found or found[origin].size < size)
    ]
