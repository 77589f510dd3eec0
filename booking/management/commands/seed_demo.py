from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from booking import roles, settlement, timetable
from booking.models import Booking, ClassSession, SessionType, TimetableRule
from boundary import studio_clock
from boundary.command import OpsCommand
from members.models import Member
from payments import credits
from payments.models import CreditPack, PackPurchase, Payment

PASSWORD = "demo-studio-2026"  # noqa: S105 - printed below; the command refuses to run in production
DAYS = 7
# title, instructor, room, hour, minutes, capacity, price in minor units, price in credits
CLASSES = (
    ("Morning yoga", "Isla", "Studio 1", 8, 60, 12, 1200, 1),
    ("Bouldering basics", "Femi", "The wall", 12, 90, 6, 1800, 2),
    ("Spin", "Rosa", "Studio 2", 18, 45, 20, 1000, 1),
)
# name, credits, price in minor units, days of validity
PACKS = (("One class", 1, 1400, 30), ("Five classes", 5, 5500, 90), ("Ten classes", 10, 9900, 180))
# address, name, role; Isla sees the rosters of what she teaches
STAFF = (
    ("owner@example.com", "Olive", roles.OWNER),
    ("manager@example.com", "Milo", roles.MANAGER),
    ("desk@example.com", "Dora", roles.FRONT_DESK),
    ("isla@example.com", "Isla", roles.INSTRUCTOR),
)
OPEN_DAY = ("Open studio", "Isla", "Studio 1", 20, 60, 30, 0, 0)


class Command(OpsCommand):
    help = """Fills a development database with a demo studio: a week of sessions, packs of credits, two members,
and staff: one who may everything and one of each role.

Safe to run again: what is there stays. Refuses to run in production.

Examples:
  manage.py seed_demo
  manage.py seed_demo --new-sandbox    also end the holds whose payments a sandbox that has ended took with it"""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new-sandbox", action="store_true", help="end the holds an earlier sandbox has forgotten")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("seed_demo makes members with a known password: it runs only where DEBUG is on")
        now = timezone.now()
        if options["new_sandbox"]:
            self._forget_holds(now)
        ana, _ben, carla = (
            self._member("ana@example.com", "Ana", "+447700900123"),
            self._member("ben@example.com", "Ben", "+447700900124"),
            self._member("carla@example.com", "Carla", "", is_staff=True, is_superuser=True),
        )
        self._staff()
        _lot, granted = credits.grant(
            member=ana, credits=5, note="Welcome to the demo", granted_by=carla, now=now, idempotency_key="seed_demo"
        )
        added = sum(self._class(plan, now) for plan in CLASSES)
        added += self._session(DAYS, OPEN_DAY)
        packs = sum(self._pack(*plan) for plan in PACKS)
        self.stdout.write(
            f"seed_demo: {added} sessions added, {packs} packs added, {5 if granted else 0} credits granted; "
            f"sign in as ana@example.com (credits), ben@example.com or carla@example.com (staff) with {PASSWORD}, "
            f"or with a role as {', '.join(email for email, _name, _role in STAFF)}"
        )

    def _forget_holds(self, now: datetime) -> None:
        """A sandbox keeps its intents in memory: once it has ended, nobody can pay them."""
        holds = Booking.objects.filter(status=Booking.Status.PENDING).select_related("payment")
        unpaid = PackPurchase.objects.filter(status=PackPurchase.Status.PENDING).select_related("payment")
        for payment in (*(hold.payment for hold in holds), *(purchase.payment for purchase in unpaid)):
            if payment is not None:
                with transaction.atomic():
                    payment.change(Payment.Status.VOID, void_reason="payment_canceled", ended_at=now)
                    settlement.settle(payment, by="seed_demo", now=now)

    def _member(self, email: str, name: str, phone: str, **flags: Any) -> Member:
        member = Member.objects.filter(email=email).first()
        return member or Member.objects.create_user(
            email, PASSWORD, name=name, phone=phone, whatsapp_opt_in=bool(phone), **flags
        )

    def _staff(self) -> None:
        """One of each role; who is there stays as they are."""
        roles.sync(groups=Group.objects, permissions=Permission.objects)
        for email, name, role in STAFF:
            teaches = name if role == roles.INSTRUCTOR else ""
            if not Member.objects.filter(email=email).exists():
                member = self._member(email, name, "", is_staff=True, teaches_as=teaches)
                member.groups.add(Group.objects.get(name=role))

    def _pack(self, name: str, number: int, amount: int, valid_days: int) -> bool:
        values = {"credits": number, "amount": amount, "valid_days": valid_days, "currency": settings.STRIPE_CURRENCY}
        return CreditPack.objects.get_or_create(name=name, defaults=values)[1]

    def _class(self, plan: tuple[str, str, str, int, int, int, int, int], now: datetime) -> int:
        """A class of every day, as the timetable has it."""
        title, instructor, room, hour, minutes, capacity, amount, price_in_credits = plan
        values = {
            "minutes": minutes,
            "capacity": capacity,
            "amount": amount,
            "currency": settings.STRIPE_CURRENCY,
            "credits_required": price_in_credits,
        }
        kind, _ = SessionType.objects.get_or_create(name=title, defaults=values)
        today = studio_clock.today(now)
        rule, _ = TimetableRule.objects.get_or_create(
            session_type=kind,
            at=time(hour),
            defaults={
                "recurrence": "FREQ=DAILY",
                "starts_on": today + timedelta(days=1),
                "instructor": instructor,
                "location": room,
            },
        )
        return timetable.generate(rule, until=today + timedelta(days=DAYS), now=now)

    def _session(self, day: int, plan: tuple[str, str, str, int, int, int, int, int]) -> bool:
        title, instructor, room, hour, minutes, capacity, amount, price_in_credits = plan
        starts_at = studio_clock.moment(studio_clock.today(timezone.now()) + timedelta(days=day), time(hour))
        _, added = ClassSession.objects.get_or_create(
            title=title,
            starts_at=starts_at,
            defaults={
                "instructor": instructor,
                "location": room,
                "ends_at": starts_at + timedelta(minutes=minutes),
                "capacity": capacity,
                "amount": amount,
                "currency": settings.STRIPE_CURRENCY,
                "credits_required": price_in_credits,
            },
        )
        return added
