"""Requests as no library sends them: bytes on a socket."""

import socket
from urllib.parse import urlsplit

from tests.security.canaries import HOST

PATIENCE_SECONDS = 60.0
PROXIED = f"Host: {HOST}\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.7\r\n"


def connect(base: str) -> socket.socket:
    where = urlsplit(base)
    assert where.hostname
    return socket.create_connection((where.hostname, where.port or 80), timeout=PATIENCE_SECONDS)


def head(method: str, path: str, *lines: str) -> bytes:
    """The lines of a request that came through the proxy, and the empty one."""
    more = "".join(f"{line}\r\n" for line in lines)
    return f"{method} {path} HTTP/1.1\r\n{PROXIED}{more}\r\n".encode("latin-1")


def ask(base: str, data: bytes) -> tuple[int, str]:
    """Send this, and read status and body of what comes back until the server closes or has said all."""
    with connect(base) as wire:
        wire.sendall(data)
        return read(wire)


def read(wire: socket.socket) -> tuple[int, str]:
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = wire.recv(65_536)
        if not more:
            break
        answer += more
    top, _, body = answer.partition(b"\r\n\r\n")
    named = dict(line.lower().split(b": ", 1) for line in top.split(b"\r\n")[1:])
    while len(body) < int(named.get(b"content-length", 0)):
        body += wire.recv(65_536)
    return int(top.split()[1]), body.decode()
