"""What every command of the command line shares: the application, options, exit codes."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console

from baoxue.client import Refused, Unreachable

EXIT_REFUSED = 1
EXIT_UNUSABLE = 2
EXIT_UNREACHABLE = 3

app = typer.Typer(
    name="baoxue",
    help="保学：让每个孩子都接受义务教育。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

As = Annotated[str | None, typer.Option("--as", help="以这个账号行事；会登记是谁取得的。")]
Json = Annotated[bool, typer.Option("--json", help="只输出 JSON，供程序读。")]

F = TypeVar("F", bound=Callable[..., Any])


def told(command: F) -> F:
    """Exit codes and one clear line for whatever the system answers."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> Any:
        try:
            return command(*args, **options)
        except Unreachable:
            fail(
                "连不上系统。先用 make run（或 baoxue up）启动，再试一次。",
                EXIT_UNREACHABLE,
                options,
            )
        except Refused as refused:
            if refused.status >= 502:
                fail(str(refused), EXIT_UNREACHABLE, options)
            unusable = refused.status in {400, 404, 413, 415, 422}
            fail(str(refused), EXIT_UNUSABLE if unusable else EXIT_REFUSED, options, refused.told)

    return run  # type: ignore[return-value]


def fail(
    line: str, code: int, options: dict[str, Any], told: dict[str, Any] | None = None
) -> NoReturn:
    """Print one line (or JSON) and leave with the code."""
    if options.get("as_json"):
        typer.echo(json.dumps(told or {"say": line}, ensure_ascii=False))
    else:
        Console(stderr=True).print(f"✗ {line}", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(code)
