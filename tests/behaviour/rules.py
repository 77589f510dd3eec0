"""How a test names the rule it tries: by the address of the page of Stripe's documentation that states it."""

from typing import Any

import pytest


def rule(page: str, name: str) -> Any:
    """Puts `docs.stripe.com/<page>#<name>` into the test's id; the name is ours, said after what the page states."""
    return pytest.mark.parametrize("documented", [pytest.param(None, id=f"docs.stripe.com/{page}#{name}")])


def sandbox_only(reason: str) -> Any:
    """The rule needs the sandbox's hand: in real test mode the test is skipped, for this reason."""
    return pytest.mark.sandbox_only(reason)


def differs(number: str) -> Any:
    """A known or suspected difference from Stripe: the row of docs/sandbox-differences.md."""
    return pytest.mark.differs(number)
