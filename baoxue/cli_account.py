"""`baoxue account code ACCOUNT …`: one-time codes, also for the first to sign in of a county."""

import json
from typing import Annotated

import typer

from baoxue.cli_edge import As, Json, app, told
from baoxue.client import client

Accounts = Annotated[list[str], typer.Argument(help="账号，导入的教职工是其工号（小写）。")]

account = typer.Typer(help="账号。", no_args_is_help=True)
app.add_typer(account, name="account")


# Otherwise typer would take the one command there is for the group itself.
@account.callback()
def of_accounts() -> None:
    """账号。"""


@account.command()
@told
def code(accounts: Accounts, acting: As = None, as_json: Json = False) -> None:
    """给账号发一次性登录码，原来的密码或登录码随即作废。只显示这一次，当面交给本人。"""
    with client(acting) as system:
        made = system.post("/enrollment/codes", json={"accounts": accounts}).json()["codes"]
    if as_json:
        typer.echo(json.dumps(made, ensure_ascii=False))
        return
    for one in made:
        typer.echo(f"{one['account']}  {one['code']}  {one['expires_at'][:10]} 前有效")


__all__ = ["account", "code"]
