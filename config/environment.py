"""Reads the variables of the environment: the process first, then `dev.env` or `prod.env`."""

import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

from booking import tiers

YES = {"1", "on", "true", "yes"}
NO = {"0", "off", "false", "no"}
# The sandbox's keys all contain it, so that nobody takes them for real ones.
SANDBOX_KEY = "sandbox_not_a_secret"


class Environment:
    """Typed access to variables; what is wrong is collected and refused together, by name."""

    def __init__(self, *, process: Mapping[str, str], directory: Path) -> None:
        self.problems: list[str] = []
        self.process = process
        self.file: Mapping[str, str | None] = {}
        self.name = process.get("DJANGO_ENV") or "dev"
        if self.name not in ("dev", "prod"):
            raise ImproperlyConfigured(f"DJANGO_ENV: {self.name!r} is neither dev nor prod")
        self.file = dotenv_values(directory / f"{self.name}.env", interpolate=False)

    @property
    def is_prod(self) -> bool:
        return self.name == "prod"

    def text(self, name: str, default: str = "") -> str:
        """The value without surrounding white space; the default where it is absent or empty."""
        value = self.process.get(name, self.file.get(name))
        return (value or "").strip() or default

    def items(self, name: str) -> list[str]:
        """The parts of a comma-separated value, empty ones dropped."""
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def pairs(self, name: str) -> dict[str, str]:
        """`key=value` parts, comma-separated."""
        pairs: dict[str, str] = {}
        for item in self.items(name):
            key, separator, value = item.partition("=")
            if not (separator and key.strip() and value.strip()):
                self.refuse(name, f"{item!r} is not of the form kind=HX…")
                continue
            pairs[key.strip()] = value.strip()
        return pairs

    def tiers(self, name: str) -> tuple[tuple[int, int, int], ...]:
        """`hours:percent` or `hours:percent:fee` parts, comma-separated, the longest time first."""
        try:
            return tiers.read(self.text(name))
        except ValueError as error:
            self.refuse(name, str(error))
            return ()

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if not value:
            return default
        if value not in YES | NO:
            self.refuse(name, f"{value!r} is neither on nor off")
        return value in YES

    def integer(self, name: str, default: int, *, minimum: int = 1, maximum: int = 1_000_000) -> int:
        value = self.text(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit() and minimum <= int(value) <= maximum):
            self.refuse(name, f"{value!r} is not a whole number from {minimum} to {maximum}")
            return default
        return int(value)

    def choice(self, name: str, *allowed: str) -> str:
        """One of the allowed values; the first is the default."""
        value = self.text(name, allowed[0])
        if value not in allowed:
            self.refuse(name, f"{value!r} is not one of {', '.join(allowed)}")
            return allowed[0]
        return value

    def refuse_sandbox(self, *addresses: str) -> None:
        """Refuse every one of these addresses that names this machine, and every key that is the sandbox's."""
        for name in addresses:
            if is_this_machine(self.text(name)):
                self.refuse(name, "points at this machine, where only a sandbox answers; empty it")
        for name in sorted({*self.file, *self.process}):
            if name.startswith(("STRIPE_", "TWILIO_")) and SANDBOX_KEY in self.text(name):
                self.refuse(name, "is the sandbox's; set the one of your own account, or empty it")

    def refuse(self, name: str, why: str) -> None:
        self.problems.append(f"{name}: {why}")

    def raise_problems(self) -> None:
        """Refuse to start, naming each variable that is missing or unsafe."""
        if self.problems:
            raise ImproperlyConfigured("; ".join(self.problems))


def is_this_machine(address: str) -> bool:
    """Whether an address, with or without its scheme, has a loopback host, however it is spelled."""
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return False
    host = host.rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    number = _number(host)
    return number is not None and (number.is_loopback or number.is_unspecified)


def _number(host: str) -> IPv4Address | IPv6Address | None:
    try:
        number = ip_address(host)
    except ValueError:
        pass
    else:
        return getattr(number, "ipv4_mapped", None) or number
    try:
        return IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f000001, 2130706433
    except OSError:
        return None
