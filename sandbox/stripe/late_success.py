"""The race a cancel can lose: the payer pays an instant before it."""

from __future__ import annotations

from sandbox.state import Sandbox
from sandbox.stripe import intents, payments


def pay(sandbox: Sandbox, identifier: str) -> None:
    """Have the intent paid, if there is one that still can be."""
    intent = sandbox.intents.find(identifier)
    if intent is None:
        return
    if intent["status"] == "processing":
        payments.settle(sandbox, intent, ok=True)
    elif intent["status"] in intents.CONFIRMABLE:
        payments.confirm(sandbox, intent, {"payment_method": "pm_card_visa"}, origin=payments.NO_REQUEST)
