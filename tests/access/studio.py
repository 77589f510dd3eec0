"""One row of everything, so that every route leads somewhere; and who asks."""

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.models import Group
from django.utils import timezone

from booking.models import Booking, CalendarFeed, ClassSession, Closure, SessionType, TimetableRule, WaitlistEntry
from booking.roles import FRONT_DESK, INSTRUCTOR, MANAGER, OWNER
from members import acts
from members.models import Member
from notifications.models import Message, Reply
from payments.models import (
    CreditPack,
    Dispute,
    PackPurchase,
    Payment,
    Reconciliation,
    Refund,
    StripeEvent,
    UnmatchedMoney,
)
from tests.access.table import FORMS
from tests.cast import Caller, give_credits, hired, session


class Studio:
    """Ana's booking of Isla's session, Ana's purchase, and a row of each other kind."""

    def __init__(self) -> None:
        self.now = timezone.now()
        self.ana = Member.objects.create_user("ana@example.com", "ana-and-the-wall", name="Ana")
        self.staff = Member.objects.create_user("staff@example.com", "works-at-the-studio", is_staff=True)
        self.people = {
            "N": None,
            "M": self.ana,
            "I": hired(INSTRUCTOR, teaches_as="Isla"),
            "D": hired(FRONT_DESK),
            "G": hired(MANAGER),
            "O": hired(OWNER),
            "S": self.staff,
        }
        self._timetable()
        self._money()
        self._words()
        self.values = {
            "app_label": "booking",
            "content_type_id": "1",
            "message_id": str(Message.objects.get().pk),
            "token": CalendarFeed.issue(self.ana, now=self.now),
            "url": "nowhere",
            "id": str(self.ana.pk),
            "pk": str(ClassSession.objects.earliest("pk").pk),
            "member": str(self.ana.pk),
            "member_id": str(self.ana.pk),
            "report": "waitlist",
            "table": "waitlist",
        }

    def _timetable(self) -> None:
        kind = SessionType.objects.create(name="Yoga", minutes=60, capacity=9, amount=0, currency="gbp")
        day = self.now.date()
        TimetableRule.objects.create(session_type=kind, recurrence="FREQ=DAILY", starts_on=day, at="18:00")
        Closure.objects.create(first=day, last=day)
        give_credits(self.ana, 1)
        one = session(instructor="Isla", starts_at=self.now + timedelta(days=9))
        assert Caller(self.ana).book(one, "credits").status_code == 201
        WaitlistEntry.objects.create(member=self.ana, session=session(title="Full"), joined_at=self.now)

    def _money(self) -> None:
        now, money = self.now, {"amount": 900, "currency": "gbp"}
        pack = CreditPack.objects.create(name="One", credits=1, valid_days=30, **money)
        void = {"status": "void", "description": "One", "created_at": now, "ended_at": now}
        payment = Payment.objects.create(subject="purchase:OLD00001", member=self.ana, **void, **money)
        sold: dict[str, Any] = {"name": "One", "credits": 1, "valid_days": 30, "status": "freed"}
        sold |= {"created_at": now, "expires_at": now, "ended_at": now, "ended_reason": "expired"}
        PackPurchase.objects.create(reference="OLD00001", member=self.ana, pack=pack, payment=payment, **sold, **money)
        Refund.objects.create(payment=payment, key="1", reason="staff", due_at=now, created_at=now, **money)
        Dispute.objects.create(payment=payment, stripe_dispute_id="dp_1", status="lost", created_at=now, **money)
        UnmatchedMoney.objects.create(stripe_id="pi_1", why="unknown", found_at=now, **money)
        Reconciliation.objects.create(since=now, reached=now, repairs=False, started_at=now)
        StripeEvent.objects.create(event_id="evt_1", type="x", payment=payment, created_at=now, received_at=now)

    def _words(self) -> None:
        Message.objects.exclude(pk=Message.objects.earliest("created_at").pk).delete()
        Reply.objects.create(sid="SM1", phone="+447700900123", member=self.ana, text="YES", received_at=self.now)
        acts.record(actor=self.staff, act="x", subject=f"member:{self.ana.pk}", now=self.now)
        EmailAddress.objects.create(user=self.ana, email=self.ana.email, primary=True)
        Authenticator.objects.create(user=self.ana, type="totp", data={})

    def address(self, route: str) -> str:
        """Where a route leads to here."""
        values = {**self.values, **self._row(route.split("/"))}
        path = f"/{route.format_map(values)}"
        asked = "app_label=payments&model_name=creditlot&field_name=member"
        return f"{path}?{asked}" if route == "admin/autocomplete/" else path

    def form(self, route: str) -> str:
        """What is sent with a POST to it."""
        return FORMS.get(route, "").format(reference=Booking.objects.get().reference)

    def _row(self, parts: list[str]) -> dict[str, Any]:
        """The row that a route is about."""
        if parts[0] == "admin":
            model = apps.all_models.get(parts[1], {}).get(parts[2]) if len(parts) > 3 else None
            row = {Member: self.ana, Group: Group.objects.first()}.get(model) if model else None
            return {"object_id": row.pk if row else model._default_manager.earliest("pk").pk if model else "1"}
        rows = {"sessions": ClassSession, "packs": CreditPack}
        reference = {"bookings": Booking, "purchases": PackPurchase}
        kind = parts[2] if len(parts) > 2 else ""
        return {
            "pk": rows[kind].objects.earliest("pk").pk if kind in rows else None,
            "reference": reference[kind].objects.get().reference if kind in reference else None,
        }
