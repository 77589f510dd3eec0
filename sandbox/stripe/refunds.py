"""Refunds: made from what a charge took, ended by the bank, now or later."""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.ids import mint
from sandbox.state import Sandbox
from sandbox.stripe import charges, errors, events, metadata, money

Json = dict[str, Any]

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
FAILURES = (
    "charge_for_pending_refund_disputed", "declined", "expired_or_canceled_card", "insufficient_funds",
    "lost_or_stolen_card", "merchant_request", "unknown",
)  # fmt: skip
# How long a bank takes over the refund of a card that is known for it. Scaled by --retry-scale.
BANK_SECONDS = 5.0

_NO_REQUEST: Json = {"id": None, "idempotency_key": None}


def create(sandbox: Sandbox, wanted: Json, *, origin: Json) -> Json:
    """Give back the rest of a charge, or an amount of it; refuses more than is left."""
    charge = _charge(sandbox, wanted)
    left = _left(sandbox, charge)
    amount = left if wanted.get("amount") is None else wanted["amount"]
    if amount < 1:
        raise errors.invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if amount > left:
        wanted_sum, most = (money.written(each, charge["currency"]) for each in (amount, left))
        whole = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
        raise errors.invalid(f"Refund amount ({wanted_sum}) is greater than {whole} ({most})", param="amount")
    behaves = sandbox.trials[charge["payment_method"]].refund
    refund = _refund(charge, amount=amount, wanted=wanted, now=sandbox.now())
    refund |= {"status": "pending", "pending_reason": "processing"} if behaves == "pends" else {}
    sandbox.refunds.put(refund)
    previous = charges.give_back(charge, amount)
    events.emit(sandbox, "refund.created", refund, request=origin)
    events.emit(sandbox, "charge.refunded", charge, request=origin, previous=previous)
    if behaves != "succeeds":
        sandbox.errands.start(_later(sandbox, refund, fails=behaves == "fails"))
    return refund


def succeed(sandbox: Sandbox, refund: Json) -> Json:
    """The bank paid it out; refuses one that is not pending."""
    _check(refund, {"pending"})
    _end(sandbox, refund, {"status": "succeeded", "pending_reason": None})
    return refund


def fail(sandbox: Sandbox, refund: Json, *, reason: str) -> Json:
    """The bank sent it back: the money is the account's again and can be refunded once more."""
    _check(refund, {"pending", "succeeded"})
    charges.give_back(sandbox.charges.get(refund["charge"]), -refund["amount"])
    _end(sandbox, refund, {"status": "failed", "pending_reason": None, "failure_reason": reason})
    events.emit(sandbox, "refund.failed", refund, request=_NO_REQUEST)
    return refund


def update(sandbox: Sandbox, refund: Json, change: metadata.Change, *, origin: Json) -> Json:
    """Change its metadata, the only thing of a refund that can change by hand."""
    previous = {"metadata": refund["metadata"]}
    refund["metadata"] = metadata.merged(refund["metadata"], change)
    _tell(sandbox, refund, previous, origin=origin)
    return refund


def cancel(refund: Json) -> Json:
    """Refuses: only a refund that waits for its payer can be canceled, and a card's never does."""
    raise errors.invalid(
        f"You cannot cancel refund {refund['id']}: its status is {refund['status']}, not requires_action."
    )


async def _later(sandbox: Sandbox, refund: Json, *, fails: bool) -> None:
    await asyncio.sleep(BANK_SECONDS * sandbox.targets.retry_scale)
    if fails and refund["status"] == "succeeded":
        fail(sandbox, refund, reason="expired_or_canceled_card")
    elif not fails and refund["status"] == "pending":
        succeed(sandbox, refund)


def _end(sandbox: Sandbox, refund: Json, after: Json) -> None:
    previous = {name: refund[name] for name in after if refund[name] != after[name]}
    refund |= after
    _tell(sandbox, refund, previous, origin=_NO_REQUEST)


def _tell(sandbox: Sandbox, refund: Json, previous: Json, *, origin: Json) -> None:
    events.emit(sandbox, "refund.updated", refund, request=origin, previous=previous)
    events.emit(sandbox, "charge.refund.updated", refund, request=origin, previous=previous)


def _charge(sandbox: Sandbox, wanted: Json) -> Json:
    if wanted.get("charge"):
        charge = sandbox.charges.get(wanted["charge"])
        if wanted.get("payment_intent") not in (None, charge["payment_intent"]):
            raise errors.invalid(
                f"Charge {charge['id']} does not belong to PaymentIntent {wanted['payment_intent']}.", param="charge"
            )
    elif wanted.get("payment_intent"):
        intent = sandbox.intents.get(wanted["payment_intent"], param="payment_intent")
        charge = sandbox.charges.find(intent["latest_charge"]) or {"status": None, "payment_intent": intent["id"]}
    else:
        raise errors.invalid(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    if charge["status"] != "succeeded":
        message = f"This PaymentIntent ({charge['payment_intent']}) does not have a successful charge to refund."
        raise errors.invalid(message, param="payment_intent" if wanted.get("payment_intent") else "charge")
    return charge


def _left(sandbox: Sandbox, charge: Json) -> int:
    name = charge["id"]
    if not charge["captured"]:
        raise errors.invalid(f"Charge {name} was not captured: cancel its PaymentIntent instead.", param="charge")
    open_disputes = (d for d in sandbox.disputes.newest_first() if d["charge"] == name) if charge["disputed"] else ()
    if any(dispute["status"] != "won" and not dispute["is_charge_refundable"] for dispute in open_disputes):
        raise errors.invalid(f"Charge {name} has been charged back; cannot issue a refund.", code="charge_disputed")
    if charge["refunded"]:
        raise errors.invalid(f"Charge {name} has already been refunded.", code="charge_already_refunded")
    return int(charge["amount"]) - int(charge["amount_refunded"])


def _check(refund: Json, allowed: set[str]) -> None:
    if refund["status"] not in allowed:
        raise errors.invalid(f"Refund {refund['id']} has a status of {refund['status']}.")


def _refund(charge: Json, *, amount: int, wanted: Json, now: int) -> Json:
    reference = {"reference": None, "reference_status": "pending", "reference_type": "acquirer_reference_number"}
    return {
        "id": mint("re_3"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "description": None,
        "destination_details": {"card": reference | {"type": "refund"}, "type": "card"},
        "failure_balance_transaction": None,
        "failure_reason": None,
        "instructions_email": None,
        "metadata": metadata.merged({}, wanted.get("metadata", {})),
        "next_action": None,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": None,
        "reason": wanted.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
