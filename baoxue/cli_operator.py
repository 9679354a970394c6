"""`baoxue operator grant|end ACCOUNT`: who, beside the holder of the keys, runs the machine."""

import json
from typing import Annotated

import typer
from uuid_utils.compat import uuid7

from baoxue.cli_edge import Json, app, told
from baoxue.client import client

Account = Annotated[str, typer.Argument(help="已开的账号，如 xitong。")]

operator = typer.Typer(help="系统管理员：谁管运行、导入和完整性；打不开学生资料。")
app.add_typer(operator, name="operator", no_args_is_help=True)


@operator.command()
@told
def grant(account: Account, as_json: Json = False) -> None:
    """从今天起由这个账号的人担任系统管理员；会登记。"""
    _send("grant_operator", account, f"{account} 从今天起是系统管理员。", as_json)


@operator.command()
@told
def end(account: Account, as_json: Json = False) -> None:
    """从今天起不再担任；会登记。"""
    _send("end_operator", account, f"{account} 从今天起不是系统管理员了。", as_json)


def _send(name: str, account: str, line: str, as_json: bool) -> None:
    wish = {"command_id": str(uuid7()), "via": "cli", "account": account}
    with client() as system:
        done = system.post(f"/enrollment/commands/{name}", json=wish).json()
    typer.echo(json.dumps(done, ensure_ascii=False) if as_json else line)


__all__ = ["end", "grant", "operator"]
