"""A studio's past, written row by row as it would stand in the database: what reports are held against."""

import csv
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F
from django.test import Client
from django.utils import timezone

from booking.models import Booking, ClassSession, SessionType, new_reference
from members.models import Member
from payments.models import CreditLot, CreditPack, CreditSpend, PackPurchase, Payment, Refund

PAGE = "/admin/reports/"


def wall(text: str, *, fold: int = 0) -> datetime:
    """The moment at which the studio's clock shows this; `fold` is 1 for the second of two."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(settings.STUDIO_TIME_ZONE), fold=fold)


def figures(desk: Client, table: str, **query: str) -> list[dict[str, str]]:
    """The rows of a table's file, by column, as a spreadsheet would read them."""
    answer = desk.get(f"{PAGE}{table}.csv", query)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(StringIO(answer.content.decode())))


def somebody() -> Member:
    return Member.objects.create(email=f"{new_reference()}@example.com", password="!")


def kind(name: str) -> SessionType:
    return SessionType.objects.create(name=name, minutes=60, capacity=10, amount=1500, currency="gbp")


def class_at(starts_at: datetime, **fields: Any) -> ClassSession:
    """Ten seats, an hour, whenever it was."""
    values = {"title": "Yoga", "capacity": 10, "amount": 1500, "currency": "gbp", "credits_required": 1, **fields}
    return ClassSession.objects.create(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), **values)


def booked(one: ClassSession, status: str = "paid", paid_with: str = "", **fields: Any) -> Booking:
    """A booking of somebody's, made a day before the start; its seat is counted while it holds one."""
    created_at = fields.pop("created_at", one.starts_at - timedelta(days=1))
    values: dict[str, Any] = {"currency": one.currency, "created_at": created_at, "pay_with": "auto"}
    if status == "paid":
        values["paid_at"] = created_at
        paid_with = paid_with or "free"
    if paid_with == "credits":
        spend = CreditSpend.objects.create(subject=new_reference(), member=somebody(), credits=1, created_at=created_at)
        values |= {"credit_spend": spend, "credits_spent": 1}
    if status == "pending":
        values["expires_at"] = created_at + timedelta(minutes=30)
    member = fields.pop("member", None) or somebody()
    row = Booking.objects.create(member=member, session=one, status=status, paid_with=paid_with, **values | fields)
    if status in Booking.HOLDING:
        ClassSession.objects.filter(pk=one.pk).update(seats_taken=F("seats_taken") + 1)
    return row


def charged(subject: str, amount: int, at: datetime, currency: str = "gbp", **fields: Any) -> Payment:
    """Money that came at that moment, unless another status says otherwise."""
    values = {"status": "paid", "amount_received": amount, "created_at": at, "ended_at": at, **fields}
    return Payment.objects.create(subject=subject, member=somebody(), amount=amount, currency=currency, **values)


def booked_by_card(
    one: ClassSession, amount: int, at: datetime, *, took: timedelta = timedelta(0), **fields: Any
) -> Booking:
    """Held at a moment, and paid so much later."""
    reference = new_reference()
    payment = charged(f"booking:{reference}", amount, at + took, one.currency)
    values = {"reference": reference, "payment": payment, "amount": amount, "created_at": at, "paid_at": at + took}
    return booked(one, fields.pop("status", "paid"), "card", **values | fields)


def never_paid(one: ClassSession, at: datetime, *, after: timedelta, reason: str = "expired") -> Booking:
    """A card hold that was freed so much later, for that reason."""
    payment = charged(f"booking:{new_reference()}", 1500, at, status="void", amount_received=0)
    return booked(one, "freed", payment=payment, created_at=at, ended_at=at + after, ended_reason=reason)


def returned(payment: Payment, amount: int, at: datetime, status: str = "succeeded") -> Refund:
    values = {"amount": amount, "currency": payment.currency, "reason": "staff", "status": status}
    return Refund.objects.create(payment=payment, key=new_reference(), due_at=at, created_at=at, ended_at=at, **values)


def bought(amount: int, credits: int, at: datetime, *, remaining: int, expires_at: datetime | None) -> PackPurchase:
    """A pack that was paid at that moment, and what is left of it."""
    payment = charged(f"purchase:{new_reference()}", amount, at)
    pack = CreditPack.objects.create(name="Ten", credits=credits, amount=amount, currency="gbp", valid_days=90)
    sold = {"pack": pack, "name": "Ten", "credits": credits, "amount": amount, "currency": "gbp", "valid_days": 90}
    lot = lot_of(credits, at, remaining=remaining, expires_at=expires_at, source="pack")
    dated = {"created_at": at, "expires_at": at, "paid_at": at}
    return PackPurchase.objects.create(member=payment.member, payment=payment, lot=lot, status="paid", **sold, **dated)


def lot_of(
    granted: int, at: datetime, *, remaining: int, expires_at: datetime | None, source: str = "grant"
) -> CreditLot:
    values = {"granted": granted, "remaining": remaining, "expires_at": expires_at, "source": source, "note": "test"}
    lot = CreditLot.objects.create(member=somebody(), created_at=at, **values)
    lot.entries.create(kind="granted", credits=granted, created_at=at)
    if remaining < granted:
        lot.entries.create(kind="spent", credits=remaining - granted, created_at=at)
    return lot


def ago(**units: float) -> datetime:
    return timezone.now() - timedelta(**units)
