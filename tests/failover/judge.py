"""What a database has kept of what members and Stripe were told; lists what it has lost."""

from collections.abc import Iterable

from payments.webhooks import TYPES
from tests.cast import Sandbox
from tests.failover.morning import Told
from tests.failover.pair import Node

HISTORY = """
    SELECT b.reference, t.to_status FROM booking_bookingtransition t JOIN booking_booking b ON b.id = t.booking_id
"""
# What a booking has cost, less what was given back for it.
COST = """
    SELECT b.reference, b.status, b.amount, b.credits_spent,
        CASE WHEN p.id IS NULL THEN 0 ELSE p.amount_received - COALESCE(
            (SELECT SUM(r.amount) FROM payments_refund r WHERE r.payment_id = p.id AND r.status <> 'failed'), 0) END,
        COALESCE((SELECT -SUM(e.credits) FROM payments_creditentry e WHERE e.spend_id = b.credit_spend_id), 0)
    FROM booking_booking b LEFT JOIN payments_payment p ON p.id = b.payment_id
    WHERE b.status IN ('paid', 'cancelled')
"""


def lost(told: Iterable[Told], node: Node) -> list[Told]:
    """What somebody was told that stands in no booking's history."""
    kept = {(reference, status) for reference, status in node.answers(HISTORY)}
    return [one for one in told if (one.reference, one.status) not in kept]


def wrongly_charged(node: Node) -> list[str]:
    """Bookings that cost anything but their price while they stand, or anything at all once they were cancelled."""
    found = []
    for reference, status, amount, credits_spent, money, credits in node.answers(COST):
        wanted = (amount, credits_spent) if status == "paid" else (0, 0)
        if (money, credits) != wanted:
            found.append(f"{reference} is {status} and cost {money} and {credits} credits")
    return found


def forgotten_events(node: Node, sandbox: Sandbox) -> set[str]:
    """Events that were answered with success, and stand nowhere."""
    tries = sandbox.control("GET", "deliveries")["deliveries"]
    taken = {one["event"] for one in tries if one["status"] == 200 and one["type"] in TYPES}
    assert taken
    return taken - {row[0] for row in node.answers("SELECT event_id FROM payments_stripeevent")}
