"""Becomes the program it is told, after asking the kernel to signal it when its parent dies.

Run as a file by the supervisor's Python: `guard.py PARENT SIGNAL UID PROGRAM ARGUMENT…`.
A program of its own instead of `preexec_fn`, which may deadlock in a process with threads.
UID is `-`, or the unprivileged user to become first (its group is the same number).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(uid: int) -> None:
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def main(parent: int, death_signal: int, uid: str, argv: list[str]) -> None:
    if uid != "-":
        become(int(uid))
    # After the change of user: changing credentials clears the request.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(f"guard: parent {parent} is gone")
    for name in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(name, signal.SIG_DFL)
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
