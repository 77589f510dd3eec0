"""The real program and the real sandbox, as the machine drives them, and what they look like from outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

from django.apps import apps
from django.core.cache import caches
from django.core.management import call_command
from django.db import models, transaction
from django.utils import timezone

from booking.models import Booking, ClassSession
from members.models import Member
from notifications import delivery
from notifications.models import Message
from payments import intents, refunds
from payments.models import CreditLot, Refund
from tests.cast import Caller, Sandbox, age, tell

NAMES = ("Ana", "Ben", "Eve")
TYPES = (
    "payment_intent.succeeded",
    "payment_intent.canceled",
    "payment_intent.processing",
    "payment_intent.payment_failed",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
)
PATHS = {
    "create": ("POST", "/v1/payment_intents$"),
    "retrieve": ("GET", "/v1/payment_intents/[^/]+$"),
    "cancel": ("POST", "/cancel$"),
    "refund": ("POST", "/v1/refunds$"),
}
# Neither is tried again by Stripe's SDK, so that one fault is one silence: the model counts calls.
FAULTS: dict[str, dict[str, Any]] = {
    "before": {"fault": "status_before", "status": 429},
    "after": {"fault": "garbage"},
    "refused": {"fault": "status_before", "status": 400},
    "lied": {"fault": "status_after", "status": 400},
}


class World:
    """One studio with its members, over the API; every act ends when the background is done with it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.members = [self._member(name, number) for number, name in enumerate(NAMES)]
        self.callers = [Caller(member) for member in self.members]
        self.carla = Caller(Member.objects.create_user("carla@example.com", name="Carla", is_staff=True))
        self.anyone = Caller()

    @staticmethod
    def _member(name: str, number: int) -> Member:
        return Member.objects.create_user(
            f"{name.lower()}@example.com", name=name, phone=f"+44770090012{3 + number}", whatsapp_opt_in=number == 0
        )

    def begin_anew(self) -> None:
        """Empty the tables and the sandbox; the members stay, with their sessions. Days count from now on."""
        self.calm()
        self.midnight = timezone.now().replace(microsecond=0)
        self.sandbox.reset()
        empty("booking", "notifications", "payments")
        Member.objects.update(is_active=True)

    def calm(self) -> None:
        assert delivery.lane.wait(20)
        assert intents.lane.wait(20)
        assert refunds.lane.wait(20)
        assert delivery.lane.wait(20)

    @contextmanager
    def act(self) -> Iterator[None]:
        """Around every act on the program: no rate limit of an earlier one, and an end."""
        for cache in caches.all():
            cache.clear()
        yield
        self.calm()

    def day(self, number: int) -> Any:
        """The moment that day begins; day 0 began five minutes ago."""
        return self.midnight + (timedelta(days=number) if number else -timedelta(minutes=5))

    def fault(self, operation: str, how: str) -> None:
        method, path = PATHS[operation]
        self.sandbox.fault(path=path, method=method, **FAULTS[how])

    def command(self, name: str, *words: str) -> tuple[int, str]:
        """Exit status and last line of a command."""
        out, status = StringIO(), 0
        with self.act():
            try:
                call_command(name, *words, stdout=out)
            except SystemExit as ended:
                status = int(str(ended.code))
        return status, out.getvalue().strip()

    def tell(self, event: Any) -> Any:
        with self.act():
            return tell(event)

    def age(self, reference: str) -> None:
        """Let a hold run out."""
        age(reference, 31)

    def intents(self) -> list[Any]:
        return list(self.sandbox.control("GET", "payment_intents?last=1000")["payment_intents"])

    def events(self) -> list[Any]:
        found = self.sandbox.control("GET", "events?last=5000")["events"]
        return [event for event in found if event["type"] in TYPES]

    def given_back(self) -> list[Any]:
        return list(reversed(self.sandbox.stripe("refunds", limit=100)["data"]))

    def disputes(self) -> list[Any]:
        return list(reversed(self.sandbox.stripe("disputes", limit=100)["data"]))


def empty(*labels: str) -> None:
    """Delete every row of these apps, without loading any: the rows that point come before those pointed at."""
    left = [model for label in labels for model in apps.get_app_config(label).get_models()]
    with transaction.atomic():
        while left:
            pointed_at = {
                field.related_model for model in left for field in _keys(model) if field.related_model != model
            }
            free = [model for model in left if model not in pointed_at]
            for model in free:
                rows = model._default_manager.all()
                rows._raw_delete(rows.db)
            left = [model for model in left if model in pointed_at]


def _keys(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if field.is_relation]


def shown_bookings() -> list[tuple[Any, ...]]:
    names = ("status", "paid_with", "amount", "credits_spent", "returned_amount", "returned_credits", "ended_reason")
    return list(Booking.objects.order_by("id").values_list(*names, "payment__status", "idempotency_key"))


def shown_sessions() -> list[tuple[Any, ...]]:
    return list(ClassSession.objects.order_by("id").values_list("capacity", "seats_taken", "amount"))


def shown_lots() -> list[int]:
    return list(CreditLot.objects.order_by("id").values_list("remaining", flat=True))


def shown_debts() -> list[tuple[Any, ...]]:
    return list(Refund.objects.order_by("id").values_list("amount", "status", "reason", "attempt"))


def shown_messages() -> list[tuple[str, str]]:
    return sorted(Message.objects.values_list("kind", "subject"))


def references() -> list[str]:
    return list(Booking.objects.order_by("id").values_list("reference", flat=True))


def debt_references() -> list[str]:
    return [str(reference) for reference in Refund.objects.order_by("id").values_list("reference", flat=True)]


def session_ids() -> list[int]:
    return list(ClassSession.objects.order_by("id").values_list("pk", flat=True))
