"""What clients were told is true afterwards, and nothing ever crashed."""

from collections import defaultdict
from collections.abc import Iterator

from tests.chaos.laws.findings import Finding
from tests.chaos.notebook import Answer
from tests.chaos.world import World

HONEST_TROUBLE = {(503, "payments_unavailable"), (502, "payment_rejected")}

# A signature by another secret or of long ago, or no event at all.
NOT_STRIPES_OWN = ("forged", "stale", "thin")


def the_program_never_crashes(world: World) -> Iterator[Finding]:
    for answer in world.notebook.answers:
        if answer.status is not None and answer.status >= 500 and (answer.status, answer.code) not in HONEST_TROUBLE:
            what = f"{answer.act} was answered {answer.status} {answer.code} {answer.body.get('text', '')}"
            yield Finding("no crash", what, answer.reference or "")
        killed = any(answer.asked <= done and began <= answer.heard for began, done in world.notebook.kills)
        if answer.status is None and not killed:
            yield Finding("no crash", f"{answer.act} at {answer.asked:.2f} had no answer: {answer.code}")


def a_refusal_by_stripe_was_one(world: World) -> Iterator[Finding]:
    """502 says that Stripe refused, and that nothing is held."""
    refused = {
        (row["member_id"], row["session_id"])
        for row in world.bookings.values()
        if row["status"] == "freed" and row["ended_reason"] == "payment_rejected"
    }
    for answer in world.notebook.answers:
        if answer.status == 502 and (answer.member, answer.session) not in refused:
            yield Finding("answers are true", f"502 for member {answer.member}, and no hold was rejected")


def an_acknowledged_booking_is_there(world: World) -> Iterator[Finding]:
    """And stands as it was told; but what is paid ends when its member has asked for that, whenever they did."""
    called_off = {answer.reference for answer in world.notebook.answers if answer.act == "cancel"}
    for answer in _about_bookings(world):
        row = world.bookings.get(answer.reference or "")
        if row is None:
            yield Finding("answers are true", f"{answer.act} named a booking that is not there", answer.reference or "")
            continue
        asker = {answer.member, row["member_id"]} if answer.act == "book" else {row["member_id"]}
        if len(asker) > 1 or (answer.session is not None and answer.session != row["session_id"]):
            yield Finding("answers are true", "it is another member's, or of another session", row["reference"])
        told = answer.body["status"]
        been = {step["to_status"] for step in world.transitions_of[row["id"]]}
        ends = {told, "cancelled"} if told == "paid" and row["reference"] in called_off else {told}
        if told not in been or (told in ("paid", "freed") and row["status"] not in ends):
            what = f"{answer.act} was told {told}, and it is {row['status']}"
            yield Finding("answers are true", what, row["reference"])


def a_secret_is_of_the_bookings_own_intent(world: World) -> Iterator[Finding]:
    for answer in _about_bookings(world):
        row = world.bookings.get(answer.reference or "")
        if answer.intent and row and answer.intent not in {intent["id"] for intent in world.intents_for(row)}:
            yield Finding("answers are true", f"the secret of {answer.intent} is another booking's", row["reference"])


def a_key_stands_for_one_booking(world: World) -> Iterator[Finding]:
    """Unless Stripe refused in between: then the key may try again.

    Whoever holds a seat of the session under another key is told of that one, and their own key stays unused.
    """
    named: dict[tuple[int, str], set[str]] = defaultdict(set)
    rejected = {(answer.member, answer.key) for answer in world.notebook.answers if answer.status == 502}
    for answer in _about_bookings(world):
        row = world.bookings.get(answer.reference or "", {})
        of_another = answer.body["status"] == "pending" and row.get("idempotency_key") != answer.key
        asked = answer.key and answer.act == "book" and not of_another
        if asked and (answer.member, answer.key) not in rejected:
            named[answer.member, answer.key].add(answer.reference or "")
    for (member, key), references in named.items():
        if len(references) > 1:
            what = f"member {member} was told {len(references)} bookings for the key {key}"
            yield Finding("answers are true", what, min(references))


def an_already_booked_member_was_booked(world: World) -> Iterator[Finding]:
    """By then: a cancellation that was asked for before may have ended it since."""
    paid = {
        (row["member_id"], row["session_id"])
        for row in world.bookings.values()
        if any(step["to_status"] == "paid" for step in world.transitions_of[row["id"]])
    }
    for answer in world.notebook.answers:
        if answer.code == "already_booked" and (answer.member, answer.session) not in paid:
            yield Finding("answers are true", f"member {answer.member} was told already_booked, and never was")


def nobody_believes_a_forger(world: World) -> Iterator[Finding]:
    for answer in world.notebook.answers:
        if answer.act == "forge" and answer.status not in (400, None):
            yield Finding("signatures", f"a forged event was answered {answer.status}", answer.reference or "")


def every_webhook_is_answered_as_it_deserves(world: World) -> Iterator[Finding]:
    """True news is taken, whatever is not Stripe's own is refused, and nothing crashes."""
    for one in world.deliveries:
        about = f"{one['type']} {one['event']} as {one['as']} was answered {one['status']}"
        if one["as"] in NOT_STRIPES_OWN and one["status"] not in (400, None):
            yield Finding("signatures", about)
        if one["as"] not in NOT_STRIPES_OWN and one["status"] not in (200, None):
            yield Finding("no crash", about)


def _about_bookings(world: World) -> Iterator[Answer]:
    for answer in world.notebook.answers:
        if answer.status in (200, 201) and answer.body.get("reference"):
            yield answer
