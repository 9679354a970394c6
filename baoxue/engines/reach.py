"""Whether a server that somebody else runs can be reached at the address that was given."""

import socket
from urllib.parse import urlsplit

from baoxue.engines.outcome import EngineFailed

REACH_SECONDS = 5.0


def require_reachable(url: str, default_port: int, variable: str) -> None:
    """EngineFailed, naming the variable, when nobody answers there. Shows no password."""
    first = urlsplit(url.split(",", maxsplit=1)[0])
    host, port = first.hostname or "", port_of(first.netloc, default_port)
    try:
        socket.create_connection((host, port), REACH_SECONDS).close()
    except OSError as error:
        raise EngineFailed(
            f"{variable} 指定的服务器 {host}:{port} 连接不上({error.strerror or error})："
            "请检查地址与服务器是否运行。"
        ) from error


def port_of(netloc: str, default_port: int) -> int:
    _, _, digits = netloc.rpartition("@")[2].rpartition(":")
    return int(digits) if digits.isdecimal() else default_port
