"""The command line `baoxue`: every command is registered by its module."""

import os
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from baoxue import (
    cli_account,
    cli_ask,
    cli_clock,
    cli_duty,
    cli_export,
    cli_fsck,
    cli_import,
    cli_operator,
    cli_redrive,
    cli_whatif,
    simulate,
)
from baoxue.cli_edge import EXIT_UNREACHABLE, app
from baoxue.engines.outcome import EngineFailed
from baoxue.supervisor import StopAsked


@app.callback()
def baoxue() -> None:
    """保学：让每个孩子都接受义务教育。"""


@app.command("up")
def bring_up(
    sample: Annotated[
        bool, typer.Option("--sample/--no-sample", help="首次启动时是否带入演示数据。")
    ] = True,
) -> None:
    """启动全部服务，直到 Ctrl-C。"""
    from baoxue.simulation.year import birth_of_sample
    from baoxue.up import SAMPLE, Settings, up

    console = Console()
    after, born = (SAMPLE, birth_of_sample(datetime.now(UTC))) if sample else ((), None)
    try:
        up(Settings.read(os.environ), console, after=after, born=born)
    except EngineFailed as failed:
        console.print(f"✗ {failed.line}", highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(EXIT_UNREACHABLE) from None
    except StopAsked:
        raise typer.Exit(0) from None


COMMANDS = (
    cli_account,
    cli_ask,
    cli_clock,
    cli_duty,
    cli_export,
    cli_fsck,
    cli_import,
    cli_operator,
    cli_redrive,
    cli_whatif,
    simulate,
)


def main() -> None:
    app()


if __name__ == "__main__":
    main()
