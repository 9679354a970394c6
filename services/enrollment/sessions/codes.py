"""One-time codes on paper: made for accounts, shown once, never stored in clear."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text

from services.enrollment.sessions.grants import NoSuchAccount
from shared import credentials
from shared.edge import Edge, allowed
from shared.rights import Viewer

HIGHEST_CODES = 500
WHERE = text(
    "select a.account, a.staff, u.path from account a join person p using (staff)"
    " join unit u on u.unit = p.unit where a.account = any(:accounts) and not a.closed"
)


@dataclass(frozen=True, slots=True)
class Code:
    """`code` like K7QM-3XHR; it is nowhere else in clear."""

    account: str
    staff: UUID
    code: str
    expires_at: datetime


class TooManyCodes(NoSuchAccount):
    code = "too_many_codes"


async def issue_codes(edge: Edge, viewer: Viewer, accounts: Sequence[str]) -> list[Code]:
    """New codes in the order given; the accounts' old secrets end at once.

    Raises NotAllowed (all or none), NoSuchAccount, TooManyCodes.
    """
    names = list(dict.fromkeys(credentials.account_name(one) for one in accounts))
    if len(names) > HIGHEST_CODES:
        raise TooManyCodes(f"一次最多 {HIGHEST_CODES} 个。请分几次。", field="accounts")
    # Secrets live by the machine's clock: a demonstration's may stand years ahead.
    machine = datetime.now(UTC)
    async with edge.service.engine.begin() as conn:
        moment = await edge.moment(conn)
        rows = {row.account: row for row in await conn.execute(WHERE, {"accounts": names})}
        for name in names:
            if name not in rows:
                raise NoSuchAccount(f"没有启用账号 {name}。请核对账号。", field="accounts")
            allowed(viewer, "account.manage", rows[name].path, moment)
        expires = machine + credentials.CODE_HOLDS
        return [
            Code(name, rows[name].staff, await credentials.issue_code(conn, name, machine), expires)
            for name in names
        ]
