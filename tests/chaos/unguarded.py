"""The program as a hurried hand would have written it, for the negative controls: the laws must see what that breaks.

CHAOS_WITHOUT names the promise, or promises (`order+signature`), that the program does without.
`tests.chaos.unguarded:application` serves it, and `python -m tests.chaos.unguarded <command>` is its manage.py; the
program's own code stays as it is.
"""

import contextlib
import json
import os
import sys
import uuid
from datetime import datetime
from typing import Any

from config.wsgi import application

# isort: split
# What needs Django to be set up, which the line above does.
from django.core.management import execute_from_command_line
from django.db import transaction

from payments import intents, stripe_client
from payments.models import Payment
from payments.outcomes import Settle

__all__ = ["application"]


def free_first_void_second(payment_id: int, *, reason: str, settle: Settle, by: str, now: datetime) -> Payment:
    """Gives the seat back at once, and asks Stripe to cancel afterwards, whatever it may answer."""
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).get(pk=payment_id)
        if payment.status not in Payment.LIVE:
            return payment
        payment.change(Payment.Status.VOID, void_reason=payment.void_reason or reason, ended_at=now)
        settle(payment, by=by, now=now)
    if payment.stripe_intent_id:
        with contextlib.suppress(stripe_client.StripeRejected, stripe_client.StripeUnavailable):
            stripe_client.cancel(payment.stripe_intent_id)
    return payment


def believe_every_webhook(payload: bytes, header: str | None) -> stripe_client.Event:
    """Reads the event and never looks at who signed it."""
    return stripe_client._read_event(json.loads(payload))


def a_key_of_the_moment(payment: Payment) -> str:
    """A new idempotency key for every request, so that asking again makes another intent."""
    return f"holdfast:{payment.reference}:{uuid.uuid4()}"


def do_without(promise: str) -> None:
    """Take one promise away."""
    replacements: dict[str, tuple[Any, str, Any]] = {
        "order": (intents, "void", free_first_void_second),
        "signature": (stripe_client, "verify", believe_every_webhook),
        "key": (Payment, "idempotency_key", property(a_key_of_the_moment)),
    }
    setattr(*replacements[promise])


for promise in os.environ["CHAOS_WITHOUT"].split("+"):
    do_without(promise)

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
