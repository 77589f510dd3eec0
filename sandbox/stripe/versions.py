"""API versions: which are accepted, and which parameters a version knows."""

from __future__ import annotations

import re
from typing import Any

from sandbox.stripe import errors

CURRENT = "2026-10-28.endive"

# From these on, a parameter of payment intents is known, or no longer is.
TYPES_REMOVED = "2026-09-30"
ALLOWED_TYPES_ADDED = "2026-07-29"

_VERSION = re.compile(r"^20[12]\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(\.[a-z]+)?$", re.ASCII)
_NAMES_SINCE = "2024-09-30"


def check(version: str | None) -> None:
    """Refuses a version that is none: malformed, later than the sandbox's, or without the name it needs."""
    if version is None:
        return
    named = "." in version
    if not _VERSION.match(version) or version[:10] > CURRENT[:10] or named != (version[:10] >= _NAMES_SINCE):
        raise errors.invalid(f"Invalid Stripe API version: {version}. The sandbox serves versions up to {CURRENT}.")


def check_types(version: str | None, wanted: dict[str, Any]) -> None:
    """Refuses the way of naming payment method types that this version does not know; no version knows both."""
    if version is not None and version[:10] >= TYPES_REMOVED and "payment_method_types" in wanted:
        raise errors.invalid(
            "payment_method_types is no longer supported in this API version; use allowed_payment_method_types.",
            param="payment_method_types",
            code="payment_method_types_no_longer_supported",
        )
    if "allowed_payment_method_types" not in wanted:
        return
    if version is not None and version[:10] < ALLOWED_TYPES_ADDED:
        raise errors.unknown_parameter("allowed_payment_method_types")
    if "automatic_payment_methods" in wanted:
        raise errors.invalid(
            "You may only specify one of these parameters: allowed_payment_method_types, automatic_payment_methods.",
            param="allowed_payment_method_types",
        )
