"""What somebody outside can see of all trials of a flow: the answers, Stripe's books, the phones, and the laws."""

from collections import Counter

from django.utils import timezone

from booking import integrity
from booking.models import Booking
from notifications.models import Message
from payments.models import CreditLot
from tests.cast import seats_match
from tests.faults.recovery import Recovery
from tests.faults.trial import Heard, Trial


def problems(trials: list[Trial], recovery: Recovery) -> list[str]:
    """Everything that a promise was broken by."""
    found = [*recovery.problems, *_laws(), *_charges(recovery), *_payable(recovery), *_messages(recovery)]
    for trial in trials:
        found += [f"{trial.label}: {problem}" for problem in _of(trial)]
    return found


def _laws() -> list[str]:
    broken = [verdict for verdict in integrity.check(now=timezone.now()) if verdict.count]
    return [f"{verdict.sentence} {verdict.examples}" for verdict in broken] + ([] if seats_match() else ["the seats"])


def _of(trial: Trial) -> list[str]:
    found = [problem for heard in trial.heard if heard.acknowledged for problem in _kept(heard)]
    lots = CreditLot.objects.filter(member=trial.member)
    spent = sum(lot.granted - lot.remaining for lot in lots)
    booked = sum(one.credits_spent for one in Booking.objects.filter(member=trial.member, status="paid"))
    return found + ([] if spent == booked else [f"{spent} credits are gone, {booked} are booked"])


def _kept(heard: Heard) -> list[str]:
    """Whether a booking that was acknowledged is there as it was told."""
    said = heard.json
    if "reference" not in said:
        return []
    booking = Booking.objects.select_related("payment").filter(reference=said["reference"]).first()
    if booking is None:
        return [f"the acknowledged booking {said['reference']} is lost"]
    found = []
    if said["status"] == "paid" and booking.status != "paid":
        found.append(f"acknowledged as paid, now {booking.status}")
    if said["credits_spent"] not in (0, booking.credits_spent):
        found.append(f"acknowledged for {said['credits_spent']} credits, now {booking.credits_spent}")
    intent = said.get("stripe_client_secret", "").split("_secret_")[0]
    if intent and (booking.payment is None or booking.payment.stripe_intent_id != intent):
        found.append(f"acknowledged with {intent}, now with another intent")
    return found


def _charges(recovery: Recovery) -> list[str]:
    """Each payment of ours has been charged once at most, and nothing was returned twice."""
    intents, refunds = recovery.all_of("payment_intents"), recovery.all_of("refunds")
    charged = Counter(str(one["metadata"]["payment"]) for one in intents if one["status"] == "succeeded")  # type: ignore[index]
    asked_back = Counter(str(one["metadata"].get("refund")) for one in refunds if one["metadata"])  # type: ignore[attr-defined]
    return [f"payment {name} was charged {count} times" for name, count in charged.items() if count > 1] + [
        f"refund {name} was made {count} times" for name, count in asked_back.items() if count > 1
    ]


def _payable(recovery: Recovery) -> list[str]:
    """In the end no hold is left, so nothing at Stripe may still be payable."""
    over = ("succeeded", "canceled")
    left = [one["id"] for one in recovery.all_of("payment_intents") if one["status"] not in over]
    return [f"{name} can still be paid, and nothing is held for it" for name in left]


def _messages(recovery: Recovery) -> list[str]:
    """What reached a phone stands on one row each: a message sent twice would stand on none."""
    reached = Counter(one["sid"] for one in recovery.sandbox.messages())
    known = Counter(Message.objects.exclude(sid="").values_list("sid", flat=True))
    return [f"the message {sid} was sent and stands nowhere" for sid in reached - known] + [
        f"the message {sid} stands {known[sid]} times and was sent {reached[sid]} times" for sid in known - reached
    ]
