"""Removes the data of a home: `python -m baoxue.engines.forget`; the standard library suffices."""

import os
import shutil
import sys
from pathlib import Path

from baoxue.engines.home import MARK, held_home
from baoxue.engines.outcome import EngineFailed


def forget(home: Path) -> None:
    """EngineFailed when a process uses the home or when the folder is none of ours."""
    if not home.exists():
        return
    if not (home / MARK).exists():
        raise EngineFailed(
            f"{home} 里没有 {MARK}，不像是保学的数据，没有删除：请检查 BAOXUE_HOME。"
        )
    with held_home(home):
        elsewhere = home / "postgres"
        if elsewhere.is_symlink():
            shutil.rmtree(elsewhere.resolve().parent, ignore_errors=True)
        shutil.rmtree(home)


def main() -> None:
    home = Path(os.environ.get("BAOXUE_HOME") or ".baoxue").resolve()
    try:
        forget(home)
    except EngineFailed as failed:
        sys.exit(f"✗ {failed.line}")
    print(f"已清除 {home}")


if __name__ == "__main__":
    main()
