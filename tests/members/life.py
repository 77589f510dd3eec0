"""A member with something of everything, and what points at a member."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from booking import seats
from booking.models import Booking, WaitlistEntry
from members import acts
from members.models import Member, MemberNote
from notifications.models import Reply
from payments import refunds
from payments.models import CreditPack, PackPurchase, Payment
from tests.cast import Caller, Sandbox, give_credits, intent_of, session, tell

NAME, EMAIL, PHONE, WORDS = "Anastasia Quill", "anastasia@quill.example", "+447700900777", "my knee hurts"
NOTED = "Told the desk that her knee hurts."
PASSWORD = "a-long-way-to-the-top"


def pointers() -> set[str]:
    """Every column, of every app, that says which member a row is about."""
    return {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and not field.many_to_many and field.related_model is Member
    }


def sign_up() -> Caller:
    """Anastasia, signed up by the front door, with name, phone and consent."""
    answer = Caller().post("/_allauth/app/v1/auth/signup", {"email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 200, answer.content
    caller = Caller()
    caller.headers["X-Session-Token"] = answer.json()["meta"]["session_token"]
    assert caller.patch("/api/members/me/", {"name": NAME, "phone": PHONE, "whatsapp_opt_in": True}).status_code == 200
    return caller


def live(caller: Caller, sandbox: Sandbox) -> Member:
    """Bookings of every status, credits, a pack, a place in line, messages, replies, a calendar."""
    member = Member.objects.get(email=EMAIL)
    _book(caller, member, sandbox)
    now = timezone.now()
    WaitlistEntry.objects.create(member=member, session=session(title="Full"), joined_at=now)
    assert caller.post("/api/booking/calendar/").status_code == 201
    _buy_a_pack(member)
    for sid, known in (("SM1", member), ("SM2", None)):
        Reply.objects.create(sid=sid, phone=PHONE, member=known, text=WORDS, answer=f"Hi {NAME}", received_at=now)
    desk = Member.objects.create_user("desk@example.com", "long-at-the-desk", is_staff=True)
    MemberNote.objects.create(member=member, text=NOTED, by=desk, at=now)
    Authenticator.objects.create(user=member, type="totp", data={"secret": "of the days at the desk"})
    before, after = {"name": "Anastasia", "phone": ""}, {"name": NAME, "phone": PHONE, "email": EMAIL}
    told = {"before": before, "after": after, "reason": f"{NAME} asked for it"}
    acts.record(actor=desk, act="change_member", subject=f"member:{member.pk}", now=now, **told)
    acts.record(actor=desk, act="grant_credits", subject="credits:1", now=now, after={"member": member.pk})
    LogEntry.objects.create(
        user=member,
        content_type=ContentType.objects.get_for_model(Member),
        object_id=str(member.pk),
        object_repr=str(member),
        action_flag=CHANGE,
    )
    assert EmailAddress.objects.filter(user=member).exists()
    return member


def pay(sandbox: Sandbox, booked: Any) -> None:
    """The card goes through, and Stripe tells."""
    sandbox.pays(intent_of(booked))
    for event in sandbox.events("payment_intent.succeeded"):
        assert tell(event).status_code == 200


def _book(caller: Caller, member: Member, sandbox: Sandbox) -> None:
    give_credits(member, 5)
    for title in ("Cancelled", "Paid by card"):
        pay(sandbox, caller.book(session(title=title), "card"))
    _cancel(Booking.objects.get(session__title="Cancelled"))
    assert caller.book(session(title="Paid with credits"), "credits").status_code == 201
    freed = caller.book(session(title="Freed"), "card").json()
    assert caller.post(f"/api/booking/bookings/{freed['reference']}/cancel/").status_code == 200
    assert caller.book(session(title="Held"), "card").status_code == 201
    statuses = sorted(Booking.objects.values_list("status", flat=True))
    assert statuses == ["cancelled", "freed", "paid", "paid", "pending"]


def _cancel(booking: Booking) -> None:
    """A paid booking, returned in full."""
    now = timezone.now()
    assert booking.payment is not None
    with transaction.atomic():
        refunds.owe_rest(booking.payment, reason="member", now=now)
        assert booking.cancel(by="member", reason="member", now=now, amount=booking.amount)
        seats.give_back(booking.session_id)


def _buy_a_pack(member: Member) -> None:
    """As it was paid on an earlier day."""
    now = timezone.now()
    pack = CreditPack.objects.create(name="Five", credits=5, amount=6000, currency="gbp", valid_days=90)
    terms: dict[str, Any] = {"amount": 6000, "currency": "gbp"}
    PackPurchase.objects.create(
        reference="OLD00001",
        member=member,
        pack=pack,
        name=pack.name,
        credits=5,
        valid_days=90,
        status="freed",
        ended_reason="expired",
        ended_at=now,
        payment=Payment.objects.create(
            subject="purchase:OLD00001", member=member, description="Five", status="void", ended_at=now,
            created_at=now, **terms,
        ),
        created_at=now,
        expires_at=now + timedelta(minutes=30),
        **terms,
    )  # fmt: skip
