"""No credit is lost, kept or spent twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.chaos.laws.findings import Finding
from tests.chaos.world import World


def a_lot_holds_the_sum_of_its_entries(world: World) -> Iterator[Finding]:
    entries: Counter[int] = Counter()
    for entry in world.rows["entries"]:
        entries[entry["lot_id"]] += entry["credits"]
    for lot in world.rows["lots"]:
        if not 0 <= lot["remaining"] == entries[lot["id"]] <= lot["granted"]:
            yield Finding("credits", f"lot {lot['id']}: {lot['remaining']} remain, entries say {entries[lot['id']]}")


def a_credit_booking_is_backed_once(world: World) -> Iterator[Finding]:
    taken: Counter[int] = Counter()
    for entry in world.rows["entries"]:
        if entry["spend_id"] is not None:
            taken[entry["spend_id"]] -= entry["credits"]
    spends = {row["id"]: row for row in world.rows["spends"]}
    prices = {row["id"]: row["credits_required"] for row in world.rows["sessions"]}
    backed = defaultdict(list)
    for row in world.bookings.values():
        if row["paid_with"] != "credits":
            continue
        backed[row["credit_spend_id"]].append(row["reference"])
        price, paid = prices[row["session_id"]], taken[row["credit_spend_id"]]
        if not price == paid == row["credits_spent"] == spends[row["credit_spend_id"]]["credits"]:
            yield Finding("credits", f"costs {price}, spent {paid}", row["reference"])
    for number, spend in spends.items():
        if len(backed[number]) != 1:
            yield Finding("credits", f"spend {number} of {spend['subject']} backs {len(backed[number])} bookings")


def a_grant_that_was_acknowledged_is_there_once(world: World) -> Iterator[Finding]:
    told = {answer.key for answer in world.notebook.answers if answer.act == "grant" and answer.status in (200, 201)}
    there = Counter(lot["idempotency_key"] for lot in world.rows["lots"])
    for key in told | set(there):
        if there[key] != 1:
            yield Finding("credits", f"the grant {key} is there {there[key]} times")
