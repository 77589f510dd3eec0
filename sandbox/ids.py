"""Identifiers shaped like the vendors' own."""

from __future__ import annotations

import random
import string

_ALPHABET = string.ascii_letters + string.digits
# Seeded by the machine once: identifiers must be fresh, and asking it for every letter is ten times slower.
_draw = random.Random()  # noqa: S311


def mint(prefix: str, length: int = 24) -> str:
    """A fresh identifier: the prefix, then `length` letters and digits."""
    return prefix + "".join(_draw.choices(_ALPHABET, k=length))


def mint_hex(prefix: str) -> str:
    """A fresh identifier in Twilio's form: two letters, then 32 hexadecimal digits."""
    return f"{prefix}{_draw.getrandbits(128):032x}"
