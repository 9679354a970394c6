"""`baoxue whatif`: what a policy pack would have changed over the last term."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from baoxue.cli_edge import EXIT_UNUSABLE, As, Json, app, fail, told
from baoxue.client import client

COLUMNS = (
    "单位",
    "任务增",
    "任务减",
    "改期",
    "超期增",
    "超期减",
    "预警提前",
    "预警推后",
    "预警增",
    "预警减",
)


@app.command()
@told
def whatif(
    pack: Annotated[Path, typer.Option("--pack", help="规则包文件（YAML）。")],
    unit: Annotated[
        str | None, typer.Option("--unit", help="给哪个单位用：县、乡镇、学校的代码。")
    ] = None,
    account: As = None,
    as_json: Json = False,
) -> None:
    """启用前先看：上个学期若按这份规则，任务、超期、预警会有什么不同。什么都不写。"""
    content = _content(pack, as_json=as_json)
    with client(account) as system:
        asked = {"content": content} | ({"unit": unit} if unit else {})
        found = system.post("/casework/whatif", json=asked).json()
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    _show(found)


def _content(pack: Path, *, as_json: bool) -> str:
    try:
        return pack.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        fail(f"读不了 {pack}。核对文件名，文件要是 UTF-8。", EXIT_UNUSABLE, {"as_json": as_json})
        raise


def _show(found: dict[str, Any]) -> None:
    console = Console()
    rules = f"现行 {found['now']} → {found['pack']}"
    console.print(f"{found['name']}，{found['since']} 至 {found['until']}：{rules}")
    # Folded, not cut: ten headings do not fit a terminal of eighty columns in one line.
    table = Table(*(Column(one, overflow="fold") for one in COLUMNS))
    for one in (*found["units"], {**found["total"], "name": "合计"}):
        duties, breached, flags = one["duties"], one["breached"], one["flags"]
        numbers = (duties["added"], duties["dropped"], duties["moved"], breached["added"])
        more = (breached["dropped"], flags["earlier"], flags["later"], flags["added"])
        row = (*numbers, *more, flags["dropped"])
        if any(row) or one["name"] == "合计":
            table.add_row(one["name"], *map(str, row))
    console.print(table)


__all__ = ["whatif"]
