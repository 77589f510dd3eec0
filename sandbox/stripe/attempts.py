"""What follows an attempt to pay: its charge, the events of both, and a dispute if the card is known for that."""

from __future__ import annotations

from typing import Any

from sandbox.state import Sandbox
from sandbox.stripe import charges, disputes, events, methods
from sandbox.stripe.cards import TrialCard

Json = dict[str, Any]

_CHARGE_EVENTS = {
    "payment_intent.succeeded": "charge.succeeded",
    "payment_intent.amount_capturable_updated": "charge.succeeded",
    "payment_intent.processing": "charge.pending",
    "payment_intent.payment_failed": "charge.failed",
}


def record(sandbox: Sandbox, intent: Json, happened: str, *, method: Json, origin: Json, asked: bool = False) -> None:
    """Write down what an attempt did to the intent; `happened` is the type of the intent's event."""
    error = intent["last_payment_error"] or {}
    if happened not in _CHARGE_EVENTS or (error and "charge" not in error):
        events.emit(sandbox, happened, intent, request=origin)
        return
    card = methods.trial(sandbox, method)
    charge = sandbox.charges.find(intent["latest_charge"])
    if charge is None:
        identifier = intent["latest_charge"]
        charge = charges.pending(intent, identifier=identifier, method=method, asked=asked, now=sandbox.now())
        sandbox.charges.put(charge)
    _decide(charge, intent, happened, card=card)
    events.emit(sandbox, _CHARGE_EVENTS[happened], charge, request=origin)
    events.emit(sandbox, happened, intent, request=origin)
    if card.dispute and happened == "payment_intent.succeeded":
        disputes.open_dispute(sandbox, charge, reason=card.dispute, amount=charge["amount"])


def _decide(charge: Json, intent: Json, happened: str, *, card: TrialCard) -> None:
    if happened == "payment_intent.payment_failed":
        charges.refuse(charge, intent["last_payment_error"], card)
    elif happened == "payment_intent.succeeded":
        charges.approve(charge, captured=intent["amount_received"])
    elif happened == "payment_intent.amount_capturable_updated":
        charges.approve(charge, captured=None)
