"""`baoxue fsck`: everything that is stored, checked again against what was sealed."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from baoxue.cli_edge import As, Json, app, told
from baoxue.client import Refused, client

EXIT_TAMPERED = 10
EXIT_INCOMPLETE = 3


@app.command()
@told
def fsck(
    service: Annotated[
        str | None, typer.Option("--service", help="只查这个服务的账，如 casework。")
    ] = None,
    ledger: Annotated[
        str | None, typer.Option("--ledger", help="只查这本账，如 990101 或 990101-access。")
    ] = None,
    account: As = None,
    as_json: Json = False,
) -> None:
    """全面核查：每条记录、每棵树、每个检查点、原库，逐一重算比对。一致退出码 0，被改动 10。"""
    with client(account) as system:
        found = system.lines("/audit/fsck", {"service": service, "ledger": ledger})
        done = _as_json(found) if as_json else _shown(found)
    if done is None or not done["logs"]:
        say = (
            "核查没有做完：连接中断，再试一次。" if done is None else "没有这样的账，什么也没有查。"
        )
        raise Refused(503 if done is None else 404, {"say": say})
    if done["findings"]:
        raise typer.Exit(EXIT_TAMPERED)
    if done["away"]:
        raise typer.Exit(EXIT_INCOMPLETE)


def _as_json(lines: Iterator[str]) -> dict[str, Any] | None:
    """Findings and the sum as they come, one JSON object a line."""
    done = None
    for line in lines:
        told_ = json.loads(line)
        if told_["kind"] != "progress":
            typer.echo(json.dumps(told_, ensure_ascii=False))
        done = told_ if told_["kind"] == "done" else done
    return done


def _shown(lines: Iterator[str]) -> dict[str, Any] | None:
    """Progress on the error stream, findings and the verdict on the output."""
    console, done = Console(highlight=False), None
    tasks: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        for line in lines:
            one = json.loads(line)
            if one["kind"] == "progress":
                name = f"{one['service']} {one['ledger']}"
                if name not in tasks:
                    tasks[name] = bars.add_task(name, total=one["size"])
                bars.update(tasks[name], completed=one["done"])
            elif one["kind"] == "finding":
                console.print(_line(one), markup=False, soft_wrap=True)
            else:
                done = one
    if done and done["logs"]:
        console.print(_verdict(done), markup=False, soft_wrap=True)
    return done


def _line(one: dict[str, Any]) -> str:
    seq = f"第 {one['seq']} 条" if one["seq"] is not None else ""
    place = f"{one['service']} {one['ledger']} {seq} {one['where']}.{one['field']}"
    return f"✗ {place}：应为 {one['expected']}，现为 {one['found']}"


def _verdict(done: dict[str, Any]) -> str:
    away = f"；没有答复：{'，'.join(done['away'])}" if done["away"] else ""
    if done["findings"]:
        return f"被改动（TAMPERED）：{done['logs']} 本账，{done['findings']} 处不符{away}"
    return f"一致：{done['logs']} 本账，0 处不符{away}"
