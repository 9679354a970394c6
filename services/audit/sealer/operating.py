"""What only an operator may order: to freeze a log that can no longer be restored."""

from pathlib import Path

from services.audit.sealer.books import Books
from services.audit.sealer.refusals import NoSuchLog
from services.audit.sealer.state import State
from shared.settings import Settings


async def freeze(folder: Path, settings: Settings, origin: str, reason: str) -> str:
    """Sign no more for the origin, and ask audit to begin its successor; a line to show."""
    state, books = State(folder), Books(settings.database_url)
    try:
        known = state.logs().get(origin)
        if known is None or known.signed_size < 0:
            raise NoSuchLog(f"没有签过 {origin}：请照状态页上的写法给出账本名。")
        # First our own refusal to sign; what audit does with the order can be repeated.
        state.freeze(origin, reason)
        await books.order_freeze(origin, known.signed_size, known.signed_root, reason)
    finally:
        await books.close()
        state.close()
    return f"已封存 {origin}，止于第 {known.signed_size} 条；审计服务随即开立后继账。"
