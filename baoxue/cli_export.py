"""`baoxue export` and `baoxue verify`: evidence that leaves the system, and its verifier."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from baoxue.cli_edge import As, Json, app, told
from baoxue.client import client
from services.audit import verify as verifier

export_app = typer.Typer(help="导出证据包：离开本系统也能自己验证。", no_args_is_help=True)
app.add_typer(export_app, name="export")

Purpose = Annotated[str, typer.Option("--purpose", help="用途；写进证据包，也登记在账里。")]
Out = Annotated[Path, typer.Option("--out", help="写到这个文件。")]


@export_app.command("case")
@told
def case(
    subject: Annotated[str, typer.Argument(help="学生的编号、学籍号，或一条流的名字。")],
    out: Out,
    purpose: Purpose = "",
    account: As = None,
    as_json: Json = False,
) -> None:
    """导出一名学生在三本账里的全部记录。"""
    _export({"subject": subject, "purpose": purpose}, out, account, as_json)


export_app.command("child")(case)


@export_app.command("range")
@told
def range_(
    origin: Annotated[str, typer.Argument(help="账的名字，见 GET /log。")],
    first: Annotated[int, typer.Argument(help="从第几条。")],
    last: Annotated[int, typer.Argument(help="到第几条。")],
    out: Out,
    purpose: Purpose = "",
    account: As = None,
    as_json: Json = False,
) -> None:
    """导出一本账里连续的一段。"""
    given = {"origin": origin, "first": first, "last": last, "purpose": purpose}
    _export(given, out, account, as_json)


def _export(given: dict[str, Any], out: Path, account: str | None, as_json: bool) -> None:
    with client(account) as system:
        answer = system.post("/audit/export", given)
    out.write_bytes(answer.content)
    told_ = typer.style(str(out), bold=True)
    typer.echo(f'{{"file":"{out}","bytes":{len(answer.content)}}}' if as_json else told_)


@app.command("verify")
def verify(
    bundle: Annotated[Path, typer.Argument(help="证据包。")],
    pin: Annotated[list[str] | None, typer.Option("--pin", help="以前验证过的检查点。")] = None,
    trust: Annotated[str | None, typer.Option("--trust", help="信任文件。")] = None,
    online: Annotated[bool, typer.Option("--online", help="联网核对。")] = False,
    simulated: Annotated[bool, typer.Option("--simulated", help="接受模拟数据。")] = False,
    as_json: Json = False,
) -> None:
    """验证证据包，和包里的 verify.py 是同一个程序。"""
    given = [str(bundle), *(text for one in pin or () for text in ("--pin", one))]
    given += ["--trust", trust] if trust else []
    switches = {"--online": online, "--simulated": simulated, "--json": as_json}
    sys.exit(verifier.main([*given, *(name for name, on in switches.items() if on)]))
