"""`baoxue county found` and `baoxue clock`: founding a county, moving a demonstration's time."""

import asyncio
import json
from datetime import datetime
from typing import Annotated

import httpx2
import typer
from uuid_utils.compat import uuid7

from baoxue.cli_edge import As, Json, app, told
from baoxue.client import Refused, Unreachable, client
from baoxue.moving import MovedBack, NotSimulated, move_clock
from baoxue.system import NotQuiet, System
from shared.event import SHANGHAI
from shared.settings import Settings

county = typer.Typer(help="县。", no_args_is_help=True)
app.add_typer(county, name="county")


@county.command("found")
@told
def found(
    code: Annotated[str, typer.Argument(help="县级行政区划代码，六位。")],
    name: Annotated[str, typer.Argument(help="县名。")],
    account: As = None,
    as_json: Json = False,
) -> None:
    """建县：从此有它的账。"""
    wish = {"command_id": str(uuid7()), "code": code, "name": name, "via": "cli"}
    with client(account) as system:
        done = system.post("/enrollment/commands/found_county", json=wish).json()
    if as_json:
        typer.echo(json.dumps({"code": code, "name": name, **done}, ensure_ascii=False))
    else:
        typer.echo(f"已建 {code} {name}。" if not done["repeated"] else f"{code} {name} 早已建好。")


@app.command()
@told
def clock(
    to: Annotated[
        str | None, typer.Option("--to", help="拨到这一刻（ISO 8601，北京时间）。")
    ] = None,
    next_school_day: Annotated[
        bool, typer.Option("--next-school-day", help="拨到下一个上学日的早晨。")
    ] = False,
    as_json: Json = False,
) -> None:
    """演示数据的时间：看，或往前拨。真实数据的时间不能拨。"""
    try:
        now = asyncio.run(_clock(to, next_school_day))
    except httpx2.HTTPError as error:
        raise Unreachable(type(error).__name__) from error
    except NotSimulated as error:
        raise Refused(409, {"say": "这里是真实数据，时间不能拨动。"}) from error
    except MovedBack as error:
        raise Refused(409, {"say": "时间只能往前走。"}) from error
    except NotQuiet as error:
        raise Refused(409, {"say": f"有的数据还没跟上，没有拨动：{error}"}) from error
    shown = now.astimezone(SHANGHAI).isoformat()
    typer.echo(json.dumps({"now": shown}) if as_json else shown)


async def _clock(to: str | None, next_school_day: bool) -> datetime:
    async with httpx2.AsyncClient() as http:
        system = System.here(Settings(), http)
        if next_school_day:
            to = (await system.get("enrollment", "/enrollment/next-school-day"))["at"]
        if to is None:
            state = await system.get("enrollment", "/clock")
            return datetime.fromisoformat(state["now"])
        at = _moment(to)
        return await move_clock(system, at)


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(422, {"say": f"看不懂的时间：{text}。写成 2026-11-18T08:00。"}) from error
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
