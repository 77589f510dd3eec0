"""A member takes everything with them that is held about them, and nothing of anybody else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking.models import CalendarFeed, WaitlistEntry
from members.models import Member
from tests.cast import Caller, Sandbox, code, give_credits, session
from tests.members import life

EXPORT = "/api/members/me/export/"
# Where the export tells the rows that a column ties to the member.
EXPORTED = {
    "account.EmailAddress.user": "email_addresses",
    "booking.Booking.member": "bookings",
    "booking.CalendarFeed.member": "calendar",
    "booking.WaitlistEntry.member": "waitlist",
    "members.MemberNote.member": "notes",
    "members.MemberSession.member": "sign_ins",
    "mfa.Authenticator.user": "second_factor",
    "notifications.Message.member": "messages",
    "notifications.Reply.member": "replies",
    "payments.CreditLot.member": "credits",
    "payments.CreditSpend.member": "spends",
    "payments.PackPurchase.member": "purchases",
    "payments.Payment.member": "payments",
}
# What staff did, not what is held about a member.
# How the program finds and does things, or what another place of the export tells: the rest of each row is told.
NOT_TOLD = {
    "account.EmailAddress": {"id", "user"},
    "booking.Booking": {"id", "member", "payment", "credit_spend"},
    "booking.CalendarFeed": {"id", "member", "token_digest"},
    "booking.WaitlistEntry": {"id", "member"},
    "members.MemberNote": {"id", "member"},
    "members.MemberSession": {"session_key", "session_data", "member"},
    "mfa.Authenticator": {"id", "user", "data"},
    "notifications.Message": {
        "id",
        "member",
        "attempts",
        "due_at",
        "claimed_at",
        "sid",
        "email_due_at",
        "email_attempts",
        "email_reason",
    },
    "notifications.Reply": {"id", "member", "sid", "booking", "quote"},
    "payments.CreditLot": {"id", "member", "granted_by", "idempotency_key", "grace_of"},
    "payments.CreditSpend": {"id", "member"},
    "payments.PackPurchase": {"id", "member", "pack", "payment", "lot"},
    "payments.Payment": {
        "id",
        "member",
        "reference",
        "attempt",
        "site",
        "stripe_intent_id",  # as "intent"
        "void_reason",
        "void_claimed_at",
        "review_reason",
    },
}
ACTS_OF_STAFF = {
    "admin.LogEntry.user",
    "members.MemberNote.by",
    "members.StaffAct.actor",
    "payments.CreditLot.granted_by",
    "payments.UnmatchedMoney.resolved_by",
}


def test_every_row_about_a_member_is_in_the_export(sandbox: Sandbox) -> None:
    """A new column that points at a member fails here until somebody decides where it is told."""
    assert life.pointers() == EXPORTED.keys() | ACTS_OF_STAFF
    caller = life.sign_up()
    member = life.live(caller, sandbox)
    told = caller.get(EXPORT).json()
    assert set(told) == {"profile", "acts_of_staff", *EXPORTED.values()}
    for pointer, place in EXPORTED.items():
        model, column = pointer.rsplit(".", 1)
        rows = apps.get_model(model)._default_manager.filter(**{column: member}).count()
        assert rows > 0, f"life.live makes no {model}"
        found = told[place] if isinstance(told[place], list) else [told[place]]
        # A reply that came before its number was known to be theirs is told as well.
        assert len(found) == rows + (place == "replies"), pointer


def test_every_column_is_told_or_left_out_on_purpose(sandbox: Sandbox) -> None:
    caller = life.sign_up()
    life.live(caller, sandbox)
    told = caller.get(EXPORT).json()
    for pointer, place in EXPORTED.items():
        model = apps.get_model(pointer.rsplit(".", 1)[0])
        columns = {field.name for field in model._meta.concrete_fields}
        rows = told[place] if isinstance(told[place], list) else [told[place]]
        assert columns - rows[0].keys() <= NOT_TOLD[model._meta.label], model


def test_the_export_tells_it_all(sandbox: Sandbox) -> None:
    caller = life.sign_up()
    member = life.live(caller, sandbox)
    answer = caller.get(EXPORT)
    assert answer["Content-Disposition"] == f'attachment; filename="member-{member.pk}.json"'
    assert answer["Cache-Control"] == "no-store"
    told = answer.json()
    assert (told["profile"]["email"], told["profile"]["phone"]) == (life.EMAIL, life.PHONE)
    assert told["email_addresses"] == [{"email": life.EMAIL, "verified": False, "primary": True}]
    cancelled = next(one for one in told["bookings"] if one["status"] == "cancelled")
    assert [(step["from"], step["to"]) for step in cancelled["history"]] == [
        (None, "pending"),
        ("pending", "paid"),
        ("paid", "cancelled"),
    ]
    assert (cancelled["session"]["title"], cancelled["returned_amount"]) == ("Cancelled", 1500)
    payment = next(one for one in told["payments"] if one["subject"] == f"booking:{cancelled['reference']}")
    assert [(refund["amount"], refund["status"]) for refund in payment["refunds"]] == [(1500, "due")]
    assert payment["intent"].startswith("pi_")
    [lot] = told["credits"]
    assert [(entry["kind"], entry["credits"]) for entry in lot["entries"]] == [("spent", -1), ("granted", 5)]
    spent = next(one for one in told["bookings"] if one["paid_with"] == "credits")
    assert lot["entries"][0]["subject"] == f"booking:{spent['reference']}"
    assert {message["variables"]["name"] for message in told["messages"]} == {life.NAME}
    assert [reply["text"] for reply in told["replies"]] == [life.WORDS, life.WORDS]
    assert [note["text"] for note in told["notes"]] == [life.NOTED]
    changed, granted = told["acts_of_staff"]
    assert (changed["act"], changed["after"]["name"]) == ("change_member", life.NAME)
    assert (granted["act"], granted["subject"]) == ("grant_credits", "credits:1")
    made = datetime.fromisoformat(told["calendar"]["created_at"])
    assert made.replace(microsecond=0) == CalendarFeed.objects.get().created_at.astimezone(UTC).replace(microsecond=0)


def test_the_export_holds_no_secret(sandbox: Sandbox) -> None:
    caller = life.sign_up()
    member = life.live(caller, sandbox)
    text = caller.get(EXPORT).content.decode()
    digest = CalendarFeed.objects.get().token_digest
    for secret in (member.password, digest, "_secret_", '"re_', '"evt_', caller.headers["X-Session-Token"]):
        assert secret not in text


def test_the_export_of_another_member_cannot_be_had(as_ana: Caller, ana: Member, ben: Member, anyone: Caller) -> None:
    give_credits(ben, 3)
    told = as_ana.get(EXPORT, member=ben.pk, id=ben.pk).json()
    assert (told["profile"]["id"], told["credits"]) == (ana.pk, [])
    assert code(anyone.get(EXPORT)) == "not_authenticated"
    assert as_ana.get(f"/api/members/{ben.pk}/export/").status_code == 404


def test_a_long_life_costs_no_more_queries(as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    cost = []
    for number in (1, 2):
        for _ in range(number):
            give_credits(ana, 1)
            assert as_ana.book(session(), "credits").status_code == 201
            life.pay(sandbox, as_ana.book(session(), "card"))
            WaitlistEntry.objects.create(member=ana, session=session(), joined_at=timezone.now())
        with CaptureQueriesContext(connection) as asked:
            told: Any = as_ana.get(EXPORT).json()
        cost.append(len(asked))
    assert (len(told["bookings"]), len(told["credits"])) == (6, 3)
    assert cost[0] == cost[1]


def test_exports_are_limited(as_ana: Caller) -> None:
    assert [as_ana.get(EXPORT).status_code for _ in range(7)] == [200] * 6 + [429]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_an_export_is_only_read(as_ana: Caller, method: str) -> None:
    assert code(as_ana.send(method, EXPORT)) == "method_not_allowed"
