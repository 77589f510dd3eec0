"""What the proxy in front of the program sends on: the host, that it came by TLS, and from where."""

from typing import Any

import requests

from members.models import Member
from tests.cast import Caller
from tests.security.canaries import HOST


class Front:
    """Requests as they come out of the proxy; nothing is followed, nothing is kept."""

    def __init__(self, base: str) -> None:
        self.base = base

    def send(self, method: str, path: str, *, client: str = "203.0.113.7", **more: Any) -> requests.Response:
        headers = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": client, **more.pop("headers", {})}
        return requests.request(method, self.base + path, headers=headers, allow_redirects=False, timeout=60, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.send("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.send("POST", path, json={} if body is None else body, **more)


def cookie_of(member: Member) -> dict[str, str]:
    """The header of a browser in which somebody is signed in."""
    return {"Cookie": f"__Host-sessionid={Caller(member).headers['X-Session-Token']}"}
