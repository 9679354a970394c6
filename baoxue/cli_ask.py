"""`baoxue search`, `replay`, `status`: what the system knows, for people and for scripts."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from baoxue.cli_edge import As, Json, app, told
from baoxue.client import Unreachable, client
from baoxue.standing import standings

STATUS_BROKEN = 3
# An operator holds no key to personal data, so names are found in another's name alone.
NOTHING_OPENED = (
    "没有找到。系统管理员打不开学生资料：按姓名、证件号、家访的话来找，"
    "请加 --as 和一个督导或县里的账号。"
)


@app.command()
@told
def search(
    text: Annotated[str, typer.Argument(help="姓名、证件号、文号或家访里的一句话，完全照字面找。")],
    account: As = None,
    as_json: Json = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 200,
    purpose: Annotated[str | None, typer.Option("--purpose", help="查阅用途，会登记。")] = None,
    book: Annotated[
        list[str] | None,
        typer.Option(
            "--book", help="只看哪本账，可重复：enrollment casework notify audit access。"
        ),
    ] = None,
) -> None:
    """检索审计总账；这次检索会登记。"""
    with client(account) as system:
        params = {"text": text, "limit": limit, "purpose": purpose, "book": book}
        lines = system.get("/audit/search", params).text.splitlines()
    entries = [json.loads(line) for line in lines if line][:limit]
    if not entries and account is None:
        Console(stderr=True).print(NOTHING_OPENED, soft_wrap=True)
    if as_json:
        for entry in entries:
            typer.echo(json.dumps(entry, ensure_ascii=False))
        return
    table = Table("账", "序号", "事", "发生", "记录", "谁")
    for one in entries:
        words = (one["ledger"], str(one["seq"]), one["type"], one["occurred_at"])
        table.add_row(*words, one["recorded_at"], str(one["actor"]))
    Console().print(table)


@app.command()
@told
def replay(
    subject: Annotated[str, typer.Argument(help="学生的编号、学籍号，或一条流的名字。")],
    at: Annotated[str | None, typer.Option("--at", help="事情发生到这一刻（ISO 8601）。")] = None,
    known_at: Annotated[str | None, typer.Option("--known-at", help="当时已知到这一刻。")] = None,
    account: As = None,
    as_json: Json = False,
    purpose: Annotated[str | None, typer.Option("--purpose", help="查阅用途，会登记。")] = None,
) -> None:
    """回放一名学生：到某一刻发生了什么，当时知道什么。"""
    params = {"subject": subject, "at": at, "known_at": known_at, "purpose": purpose}
    with client(account) as system:
        found = system.get("/audit/replay", params).json()
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    Console().print_json(json.dumps(found["state"], ensure_ascii=False))
    table = Table("发生", "记录", "事", "谁")
    for one in found["events"]:
        table.add_row(one["occurred_at"], one["recorded_at"], one["type"], str(one["actor"]))
    Console().print(table)


@app.command()
@told
def status(as_json: Json = False) -> None:
    """各进程的状况：能否服务、落后多少、搁置几件。"""
    with client() as system:
        found: dict[str, Any] = system.get("/status").json()
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        table = Table("进程", "能否服务", "发布落后", "跟随落后", "搁置", "问题")
        for one in standings(found):
            ready = "是" if one.ready else "否"
            lags = ("—" if one.unpublished is None else str(one.unpublished), str(one.lag))
            table.add_row(one.name, ready, *lags, str(one.parked), "；".join(one.problems))
        Console().print(table)
    if not found["ok"]:
        raise typer.Exit(STATUS_BROKEN)


__all__ = ["Unreachable", "replay", "search", "status"]
