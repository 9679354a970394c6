"""`baoxue import`: a county's own files, read, reported cell by cell, and brought in."""

import json
import time
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from uuid_utils.compat import uuid7

from baoxue.cli_edge import EXIT_REFUSED, EXIT_UNUSABLE, As, Json, app, fail, told
from baoxue.client import Client, client

PATH = "/enrollment/imports"
POLL_SECONDS = 0.3
# Fifty thousand rows take well under a minute; a machine that is busy may take much longer.
MAX_WAIT_SECONDS = 1800
MAX_SHOWN = 50
# What the reader takes; larger ones are not sent.
MAX_FILE_BYTES = 60 * 2**20
WORKING = ("reading", "storing")
# What stands for a value that the account has no right to open.
NOT_OPENED = "〔未打开〕"
WORDS = {"reading": "读文件", "storing": "导入中"}


class Kind(str, Enum):  # noqa: UP042 (typer shows the values)
    """What a file is."""

    staff = "staff"
    roster = "roster"
    roll = "roll"
    calendar = "calendar"
    assignments = "assignments"


@app.command("import")
@told
def bring_in(
    kind: Annotated[Kind, typer.Argument(help="教职工、花名册、点名、校历或责任分解表。")],
    file: Annotated[Path, typer.Argument(help=".xlsx、.xls 或 .csv 文件。")],
    account: As = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看，什么都不存。")] = False,
    partial: Annotated[bool, typer.Option("--partial", help="只收好的行。")] = False,
    errors: Annotated[
        Path | None, typer.Option("--errors", help="把有错的行写到这个 .xlsx。")
    ] = None,
    answer: Annotated[
        list[str] | None, typer.Option("--answer", help="定一处问题：编号=选项，可写多次。")
    ] = None,
    school: Annotated[
        str | None, typer.Option("--school", help="只属于这所学校（标识码）。")
    ] = None,
    as_json: Json = False,
) -> None:
    """导入一个文件：全部无误才存；有错逐格列出。退出码 0 全收，1 有拒收或要定，2 文件不能用。"""
    options = {"as_json": as_json}
    content = _content(file, kind, options)
    fields = {
        "kind": kind.value,
        "command_id": str(uuid7()),
        "dry_run": str(dry_run).lower(),
        "partial": str(partial).lower(),
        "answers": json.dumps(_answers(answer or [], options), ensure_ascii=False),
        "school": school or "",
    }
    with client(account) as system:
        sent = system.post(PATH, data=fields, files={"file": (file.name, content)})
        found = _watch(system, sent.json()["import"], quiet=as_json)
        target = errors or (_errors_beside(file) if partial else None)
        written = _write_errors(system, found, target) if target else None
        more = {} if as_json else _details(system, found)
    if as_json:
        typer.echo(json.dumps(found["report"], ensure_ascii=False))
    else:
        print_report(found, more, dry_run=dry_run, written=written)
        if kind is Kind.staff and found["report"] and found["report"]["stored"]:
            typer.echo("登录码：在网页“账号”里打印，或 baoxue account code 工号 …")
    _leave(found)


def _content(file: Path, kind: Kind, options: dict[str, Any]) -> bytes:
    """The file's bytes; what cannot even be sent is reported in the shape of every report."""
    content, code, line = b"", "file_too_large", f"{file} 超过 60 MB。去掉图片，或分成几个文件。"
    try:
        if file.stat().st_size <= MAX_FILE_BYTES:
            content, code = file.read_bytes(), ""
    except OSError as error:
        code, line = "file_unreadable", f"打不开文件 {file}：{error.strerror}。核对路径再试。"
    if code:
        fail(line, EXIT_UNUSABLE, options, _nothing(kind, code, line))
    return content


def _nothing(kind: Kind, code: str, reason: str) -> dict[str, Any]:
    fault = {"sheet": "", "cell": "", "column": "", "code": code, "reason": reason}
    counts = dict.fromkeys(("accepted", "changed", "unchanged", "missing"), 0)
    lists = {"rejected": [fault], "warnings": [], "questions": []}
    return {"kind": kind.value, **counts, **lists, "stored": False}


def _answers(given: list[str], options: dict[str, Any]) -> dict[str, str]:
    pairs = [answer_of(one) for one in given]
    if any(not name or not key for name, key in pairs):
        fail("--answer 写成 编号=选项，例如 --answer rest=present。", EXIT_UNUSABLE, options)
    return dict(pairs)


def answer_of(given: str) -> tuple[str, str]:
    """Number and choice; a number may hold `=` (a sheet's name), so may a whole legend."""
    whole = given.startswith("legend=")
    name, _, key = given.partition("=") if whole else given.rpartition("=")
    return name, key


def _watch(system: Client, id: str, *, quiet: bool) -> dict[str, Any]:
    """Ask until nobody works on it any more."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    until = time.monotonic() + MAX_WAIT_SECONDS
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task(WORDS["reading"], total=None)
        while True:
            found = system.get(f"{PATH}/{id}").json()
            state = found["state"]
            if state not in WORKING or time.monotonic() > until:
                return found
            total = found["total"] if state == "storing" else None
            bar.update(task, description=WORDS[state], completed=found["done"], total=total)
            time.sleep(POLL_SECONDS)


def _errors_beside(file: Path) -> Path:
    return file.with_name(f"{file.stem}-错误.xlsx")


def _write_errors(system: Client, found: dict[str, Any], target: Path) -> Path | None:
    """The bad rows as a spreadsheet of the same shape; None where there is none."""
    if not any(fault["row"] for fault in found["faults"]):
        return None
    target.write_bytes(system.get(f"{PATH}/{found['import']}/errors.xlsx").content)
    return target


def _details(system: Client, found: dict[str, Any]) -> dict[str, Any]:
    report = found["report"] or {}
    if not report.get("changed") and not report.get("missing"):
        return {}
    return system.get(f"{PATH}/{found['import']}", {"details": "true"}).json()


def print_report(
    found: dict[str, Any], more: dict[str, Any], *, dry_run: bool, written: Path | None
) -> None:
    # What stands in a stranger's file is shown, never obeyed: [/red] is no markup.
    console = Console(highlight=False, markup=False)
    report = found["report"]
    if report is None:
        console.print("✗ 没有读完，已放弃。请重新导入。")
        return
    _print_faults(console, found["faults"])
    _print_rows(console, "提醒", report["warnings"])
    _print_questions(console, report["questions"])
    _print_changes(console, more, report.get("missing", 0))
    new = report["accepted"] - report["changed"] - report["unchanged"]
    said = f"新增 {new}，修改 {report['changed']}，不变 {report['unchanged']}"
    rows = len({(f["sheet"], f["row"]) for f in found["faults"] if f["row"]})
    if rows or report["rejected"]:
        said += f"，拒收 {rows or len(report['rejected'])} 行"
    if report["stored"]:
        console.print(f"✓ 已存：{said}。")
    elif dry_run:
        console.print(f"只看，没有存：{said}。")
    else:
        console.print(f"✗ 什么都没有存：{said}。")
    if written:
        console.print(f"有错的行写在 {written}，改好后直接再导入这一份。")


def _print_faults(console: Console, faults: list[dict[str, Any]]) -> None:
    if not faults:
        return
    table = Table("表", "单元格", "列", "读到的值", "哪里不对", "怎么改", title="有错")
    for one in faults[:MAX_SHOWN]:
        table.add_row(*(one[k] for k in ("sheet", "cell", "column", "value", "reason", "mend")))
    console.print(table)
    _print_more(console, len(faults))


def _print_rows(console: Console, title: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    table = Table("表", "单元格", "内容", title=title)
    for one in rows[:MAX_SHOWN]:
        table.add_row(one["sheet"], one["cell"], one["reason"])
    console.print(table)
    _print_more(console, len(rows))


def _print_more(console: Console, count: int) -> None:
    if count > MAX_SHOWN:
        console.print(f"…… 还有 {count - MAX_SHOWN} 处；用 --json 或 --errors 看全部。")


def _print_questions(console: Console, questions: list[dict[str, Any]]) -> None:
    for one in questions:
        where = " ".join(part for part in (one["sheet"], one["cell"]) if part)
        console.print(f"？ {where} {one['text']}")
        for choice in one["choices"]:
            line = f'--answer "{one["option"]}={choice["key"]}"'
            console.print(f"   {choice['label']}：{line}", soft_wrap=True)
        if not one["choices"]:
            line = f'--answer "{one["option"]}={one["hint"] or "…"}"'
            console.print(f"   {line}", soft_wrap=True)


def _print_changes(console: Console, more: dict[str, Any], missing: int) -> None:
    """`more` holds the first of each list, `missing` counts them all."""
    if more.get("changes"):
        table = Table("谁", "单元格", "列", "原来", "改成", title="修改")
        for one in more["changes"][:MAX_SHOWN]:
            table.add_row(*(one[k] for k in ("name", "where", "what", "was", "now")))
        console.print(table)
        if len(more["changes"]) > MAX_SHOWN:
            console.print(f"…… 这里列出前 {MAX_SHOWN} 处修改，在网页上看更多。")
    if names := more.get("missing", [])[:MAX_SHOWN]:
        rest = f" …… 这里列出前 {len(names)} 人，共 {missing} 人" if missing > len(names) else ""
        console.print(f"文件里没有、系统里有（不会移除）：{'、'.join(names)}{rest}")
    if any(NOT_OPENED in str(more.get(part)) for part in ("changes", "missing")):
        console.print("姓名和资料没有打开：加上 --as 看得到这些学生的账号，就列出来。")


def _leave(found: dict[str, Any]) -> None:
    report = found["report"]
    if report is None or found["unreadable"]:
        raise typer.Exit(EXIT_UNUSABLE)
    if report["rejected"] or report["questions"]:
        raise typer.Exit(EXIT_REFUSED)


__all__ = ["bring_in", "print_report"]
