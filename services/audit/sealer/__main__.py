"""Runs the sealer (`baoxue-sealer`), changes its key, freezes a log that cannot be restored."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from services.audit.sealer.keys import SealerKeyError, change_key_file
from services.audit.sealer.places import home_of, key_path_of, settings_of
from services.audit.sealer.refusals import NoSuchLog, RolledBack
from shared.settings import Settings

EXIT_ROLLED_BACK = 11
EXIT_FAILED = 1


def main(words: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 for a command that cannot be done, 11 after a rollback."""
    asked = parser().parse_args(words)
    settings = settings_of()
    try:
        obey(asked, settings)
    except RolledBack as error:
        say(
            f"✗ 拒绝签名：{error.origin} 已签到第 {error.expected} 条，现在只有 {error.found}。"
            "请从备份补全；确实无法补全时用 freeze 封存。"
        )
        return EXIT_ROLLED_BACK
    except (SealerKeyError, NoSuchLog) as error:
        say(f"✗ {error}")
        return EXIT_FAILED
    return 0


def obey(asked: argparse.Namespace, settings: Settings) -> None:
    if asked.command in TOLD:
        change_key_file(key_path_of(settings), asked.command)
        print(TOLD[asked.command])
    elif asked.command == "freeze":
        from services.audit.sealer.operating import freeze

        print(asyncio.run(freeze(home_of(settings), settings, asked.origin, asked.reason)))
    else:
        from services.audit.sealer.process import run

        asyncio.run(run(settings))


TOLD = {
    "rotate": "已换新密钥，旧的继续一起签名：检查方都有了新的 baoxue-trust.json 再 retire。",
    "retire": "旧密钥已退役，不再签名。",
}


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="baoxue-sealer", description="封签：核对并签名每本账。")
    commands = made.add_subparsers(dest="command")
    commands.add_parser("run", help="持续核对并签名(默认)")
    commands.add_parser("rotate", help="换一把新密钥，旧的继续一起签名")
    commands.add_parser("retire", help="让旧密钥退役")
    stop = commands.add_parser("freeze", help="封存一本无法恢复的账，由后继账接续")
    stop.add_argument("origin", metavar="ORIGIN")
    stop.add_argument("--reason", required=True)
    return made


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
