"""`baoxue duties`, `coverage`, `answers`: who must do what by when, who answers for whom."""

import json
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from baoxue.cli_edge import As, Json, app, told
from baoxue.client import client

STATES = ("armed", "satisfied", "late", "breached", "cancelled")


@app.command()
@told
def duties(
    unit: Annotated[str | None, typer.Option("--unit", help="单位代码：县、乡镇、学校。")] = None,
    holder: Annotated[str | None, typer.Option("--holder", help="负责人的编号。")] = None,
    due_before: Annotated[
        datetime | None, typer.Option("--due-before", help="期限早于这一刻（ISO 8601）。")
    ] = None,
    state: Annotated[
        list[str] | None, typer.Option("--state", help=f"状态：{'、'.join(STATES)}。")
    ] = None,
    account: As = None,
    as_json: Json = False,
) -> None:
    """列出任务：谁，什么时候以前，要做什么，办了没有。"""
    if unknown := set(state or ()) - set(STATES):
        raise typer.BadParameter(f"没有状态 {sorted(unknown)[0]}。可选：{'、'.join(STATES)}")
    params: dict[str, Any] = {"unit": unit, "holder": holder, "state": state}
    params["due_before"] = due_before.astimezone().isoformat() if due_before else None
    with client(account) as system:
        lines = system.get("/casework/duties.jsonl", params).text.splitlines()
    if as_json:
        for line in lines:
            typer.echo(line)
        return
    table = Table("任务", "对象", "单位", "期限", "状态", "办结")
    for one in map(json.loads, lines):
        row = (one["kind"], one["subject"], one["unit"], one["due_at"], one["state"])
        table.add_row(*row, one["ended_at"] or "")
    Console().print(table)


@app.command()
@told
def coverage(
    scheme: Annotated[str, typer.Argument(help="责任制的代码，如 baobao、sibao。")],
    on: Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"])] = None,
    whole: Annotated[bool, typer.Option("--all", help="有人负责的也列出来。")] = False,
    account: As = None,
    as_json: Json = False,
) -> None:
    """责任覆盖：哪里无人负责，哪里重复。"""
    day: date | None = on.date() if on else None
    params = {"scheme": scheme, "on": day.isoformat() if day else None, "all": whole}
    with client(account) as system:
        lines = system.get("/casework/coverage.jsonl", params).text.splitlines()
    if as_json:
        for line in lines:
            typer.echo(line)
        return
    table = Table("层", "对象", "单位", "负责人", "状态")
    for one in map(json.loads, lines):
        holders = "、".join(one["holders"])
        table.add_row(one["tier"], one["target"], one["unit"], holders, one["state"])
    Console().print(table)


@app.command()
@told
def answers(
    child: Annotated[str, typer.Argument(help="学生的编号。")],
    on: Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"])] = None,
    account: As = None,
    as_json: Json = False,
) -> None:
    """某一天谁负责这名学生：每种责任制、每一层、每条线和每个职务，各从哪天起、依据哪条事件。"""
    params = {"on": on.date().isoformat() if on else None}
    with client(account) as system:
        found = system.get(f"/casework/children/{child}/answers", params).json()
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    table = Table("责任制", "层", "责任线", "负责人", "从", "到", "依据的事件")
    for one in found["answers"]:
        source = one["source"]
        event = f"{source['service']} {source['ledger']} {source['seq']}" if source else ""
        days = (one["since"] or "", one["until"] or "")
        table.add_row(
            one["scheme"], one["tier"], one["line"], one["holder"] or "无人", *days, event
        )
    Console().print(table)


__all__ = ["answers", "coverage", "duties"]
