"""Who calls the Stripe API, and with which kind of key."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from sandbox.stripe import errors

_TEST_KEY = re.compile(r"^(sk|rk|pk)_test_\w+$", re.ASCII)


@dataclass(frozen=True)
class Caller:
    """A key that was accepted."""

    key: str

    @property
    def publishable(self) -> bool:
        """Whether this key may be known to anyone, and so may do little."""
        return self.key.startswith("pk_")


def is_live(key: str) -> bool:
    """Whether this is a key for real money."""
    return "_live_" in key


def identify(authorization: str | None) -> Caller:
    """The caller behind an Authorization header, Bearer or Basic; refuses anything but a test key."""
    key = _key(authorization or "")
    if not key:
        raise errors.unauthorized(
            "You did not provide an API key. Send it in the Authorization header: 'Authorization: Bearer YOUR_KEY'."
        )
    if is_live(key):
        raise errors.unauthorized("The sandbox refuses live keys: use a test key here, and roll this one if it leaked.")
    if not _TEST_KEY.match(key):
        raise errors.unauthorized(f"Invalid API Key provided: {key[:3]}{'*' * 8}. The sandbox takes any test key.")
    return Caller(key)


def _key(authorization: str) -> str:
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        return basic(credentials)[0]
    return ""


def basic(credentials: str) -> tuple[str, str]:
    """User name and password of Basic credentials; both empty when they cannot be read."""
    try:
        user, _, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return user, password
