"""`baoxue redrive`: what is parked, and applying it again once its cause is mended."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from baoxue.cli_edge import Json, app, told
from baoxue.client import Client, Refused, client


@app.command()
@told
def redrive(
    subscription: Annotated[
        str | None, typer.Argument(help="订阅的名字，如 casework.absence_to_risk；不给就列出。")
    ] = None,
    subject: Annotated[str | None, typer.Argument(help="搁置的对象（编号）。")] = None,
    as_json: Json = False,
) -> None:
    """重新处理搁置的事件：先修好原因，再按次序处理这个对象的。"""
    with client() as system:
        if subscription is None:
            _list(system, as_json)
            return
        if subject is None:
            raise Refused(422, {"say": "还要给出对象。不带参数运行 baoxue redrive，看有哪些。"})
        wish = {"subscription": subscription, "subject": subject}
        done: dict[str, Any] = system.post("/redrive", json=wish).json()
    if as_json:
        typer.echo(json.dumps(done, ensure_ascii=False))
    else:
        typer.echo(f"处理了 {done['applied']} 件。")


def _list(system: Client, as_json: bool) -> None:
    rows: list[dict[str, Any]] = system.get("/parked").json()
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    if not rows:
        typer.echo("没有搁置的事件。")
        return
    table = Table("订阅", "对象", "件数", "从何时", "为什么")
    for row in rows:
        cells = (row["subscription"], row["subject"], str(row["entries"]), row["since"])
        table.add_row(*cells, row["reason"])
    Console().print(table)
