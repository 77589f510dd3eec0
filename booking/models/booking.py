from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from booking.models.session import ClassSession
from boundary.references import new_reference
from payments.models import CreditSpend, Payment


class Booking(models.Model):
    """A member's claim on one seat. `pending` is a hold until `expires_at`."""

    class Status(models.TextChoices):
        PENDING = "pending"
        PAID = "paid"
        FREED = "freed"
        CANCELLED = "cancelled"

    class PaidWith(models.TextChoices):
        CREDITS = "credits"
        CARD = "card"
        DESK = "desk"
        FREE = "free"

    class PayWith(models.TextChoices):
        AUTO = "auto"
        CREDITS = "credits"
        CARD = "card"
        DESK = "desk"

    HOLDING = (Status.PENDING, Status.PAID)
    # What is paid with money, and so returned as money.
    IN_MONEY = (PaidWith.CARD, PaidWith.DESK)
    # What may still be given back: nobody has come, and nobody was missed.
    UNSEEN = Q(checked_in_at=None, no_show_at=None)
    # Paid at the desk, cancelled, and what came back of it is still in the till.
    CASH_OWED = Q(status=Status.CANCELLED, paid_with=PaidWith.DESK, returned_amount__gt=0, cash_returned_at=None)

    reference = models.CharField(max_length=8, unique=True, default=new_reference, editable=False)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    session = models.ForeignKey(ClassSession, on_delete=models.PROTECT, related_name="bookings")
    status = models.CharField(max_length=16, choices=Status.choices)
    pay_with = models.CharField(max_length=8, choices=PayWith.choices)
    paid_with = models.CharField(max_length=8, choices=PaidWith.choices, blank=True)
    amount = models.PositiveIntegerField(default=0)
    currency = models.CharField(max_length=3)
    credits_spent = models.PositiveIntegerField(default=0)
    returned_amount = models.PositiveIntegerField(default=0, db_default=0)
    returned_credits = models.PositiveIntegerField(default=0, db_default=0)
    payment = models.OneToOneField(Payment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    credit_spend = models.OneToOneField(CreditSpend, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=32, blank=True)
    checked_in_at = models.DateTimeField(null=True, blank=True)
    no_show_at = models.DateTimeField(null=True, blank=True)
    cash_returned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        permissions = (
            ("run_desk", "Can run the front desk: check in, book for members, take payment"),
            ("see_own_roster", "Can see and check in on the roster of the sessions they teach"),
            ("view_reports", "Can see how the studio is doing"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("member", "session"),
                condition=Q(status__in=("pending", "paid")),
                name="one_holding_booking_per_member_and_session",
            ),
            models.UniqueConstraint(
                fields=("member", "idempotency_key"), name="one_booking_per_member_and_idempotency_key"
            ),
            models.CheckConstraint(
                condition=Q(payment=None) | Q(credit_spend=None), name="booking_has_never_two_backings"
            ),
            models.CheckConstraint(
                condition=~Q(status="paid")
                | Q(paid_with="card", payment__isnull=False)
                | Q(paid_with="credits", credit_spend__isnull=False)
                | Q(paid_with="desk", payment=None, credit_spend=None, amount__gt=0)
                | Q(paid_with="free", payment=None, credit_spend=None, amount=0),
                name="paid_booking_is_backed",
            ),
            models.CheckConstraint(
                condition=~Q(status="pending") | Q(expires_at__isnull=False), name="hold_has_an_expiry"
            ),
            models.CheckConstraint(
                condition=Q(returned_amount__lte=F("amount"), returned_credits__lte=F("credits_spent")),
                name="no_more_is_returned_than_was_paid",
            ),
            models.CheckConstraint(
                condition=Q(checked_in_at=None) | Q(no_show_at=None), name="nobody_both_comes_and_stays_away"
            ),
            models.CheckConstraint(
                condition=Q(cash_returned_at=None) | Q(status="cancelled", paid_with="desk", returned_amount__gt=0),
                name="cash_is_handed_back_where_it_is_owed",
            ),
        )
        indexes = (
            models.Index(fields=("expires_at",), condition=Q(status="pending"), name="holds_by_expiry"),
            models.Index(fields=("member", "-created_at"), name="bookings_of_member"),
            models.Index(
                fields=("ended_at",),
                condition=Q(status="cancelled", paid_with="desk", returned_amount__gt=0, cash_returned_at=None),
                name="cash_owed_at_the_desk",
            ),
            # What the reports read of a booking, so that they need not read the bookings.
            models.Index(
                fields=("created_at", "status", "ended_reason", "paid_at", "ended_at"),
                condition=Q(payment__isnull=False),
                name="card_holds_by_their_making",
            ),
            models.Index(
                fields=("session", "checked_in_at", "no_show_at"),
                condition=Q(status="paid"),
                name="attendance_of_sessions",
            ),
            models.Index(fields=("paid_at",), condition=Q(paid_with="desk"), name="desk_takings"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def subject(self) -> str:
        """How the apps below name this booking."""
        return f"booking:{self.reference}"

    def start(self, *, by: str, reason: str) -> None:
        """Insert the row and its first transition, in the caller's transaction."""
        self.save(force_insert=True)
        self._write_transition("", self.status, reason=reason, by=by, now=self.created_at)

    def mark_paid(self, *, paid_with: str, by: str, reason: str, now: datetime) -> bool:
        """pending → paid. False, and nothing written, when it is not pending any more."""
        return self._move(
            self.Status.PENDING, self.Status.PAID, by=by, reason=reason, now=now, paid_with=paid_with, paid_at=now
        )

    @property
    def is_offer(self) -> bool:
        """A seat kept for a member of the waitlist, who has not said yet how to pay for it."""
        return self.status == self.Status.PENDING and self.payment_id is None

    def make(self, status: str, *, by: str, reason: str, now: datetime, **fields: Any) -> bool:
        """Insert it as it is paid or held from now on, or accept the offer that it is; False as `accept` says."""
        if self.pk is not None:
            return self.accept(status, by=by, reason=reason, now=now, **fields)
        for name, value in {"status": status, "created_at": now, **fields}.items():
            setattr(self, name, value)
        self.start(by=by, reason=reason)
        return True

    def accept(self, status: str, *, by: str, reason: str, now: datetime, **fields: Any) -> bool:
        """An offer becomes what its member makes of it: a hold with a payment, or paid.

        False, and nothing written, when it was taken, given up or has lapsed by now.
        """
        offer = Q(payment=None, expires_at__gt=now)
        if status == self.Status.PAID:
            return self._move(self.Status.PENDING, status, offer, by=by, reason=reason, now=now, **fields)
        return self._write(self.Status.PENDING, offer, **fields)

    def lapse(self, *, by: str, reason: str, now: datetime) -> bool:
        """An offer that is not taken → freed. False, and nothing written, when it was taken meanwhile."""
        ended = {"ended_at": now, "ended_reason": reason}
        return self._move(
            self.Status.PENDING, self.Status.FREED, Q(payment=None), by=by, reason=reason, now=now, **ended
        )

    def free(self, *, by: str, reason: str, now: datetime) -> bool:
        """pending → freed. False, and nothing written, when it is not pending any more.

        After `payment_rejected` the member was told that nothing is held: the key may then try again.
        """
        forgotten = {"idempotency_key": None} if reason == "payment_rejected" else {}
        return self._move(
            self.Status.PENDING,
            self.Status.FREED,
            by=by,
            reason=reason,
            now=now,
            ended_at=now,
            ended_reason=reason,
            **forgotten,
        )

    def cancel(
        self, *, by: str, reason: str, now: datetime, amount: int = 0, credits: int = 0, attended: bool = True
    ) -> bool:
        """paid → cancelled, returning so much. False, and nothing written, when it is not paid any more.

        With `attended` off also when its member was checked in, or missed, meanwhile.
        """
        return self._move(
            self.Status.PAID,
            self.Status.CANCELLED,
            Q() if attended else self.UNSEEN,
            by=by,
            reason=reason,
            now=now,
            ended_at=now,
            ended_reason=reason,
            returned_amount=amount,
            returned_credits=credits,
        )

    @property
    def is_seen(self) -> bool:
        """Whether its member has come, or was missed: either way it is not given back any more."""
        return self.checked_in_at is not None or self.no_show_at is not None

    def check_in(self, *, now: datetime) -> bool:
        """Its member has come; the first moment stands. False when the booking is not paid."""
        if not self._write(self.Status.PAID, Q(checked_in_at=None), checked_in_at=now, no_show_at=None):
            self.refresh_from_db(fields=("status", "checked_in_at", "no_show_at"))
        return self.status == self.Status.PAID

    def undo_check_in(self) -> None:
        """Nobody has come after all; repeatable."""
        self._write(self.status, Q(), checked_in_at=None)

    def miss(self, *, now: datetime) -> bool:
        """Its member has not come. False when it is not paid, they have come, or it was said before."""
        return self._write(self.Status.PAID, self.UNSEEN, no_show_at=now)

    def undo_no_show(self) -> bool:
        """Nobody is missed after all; repeatable."""
        return self._write(self.status, Q(no_show_at__isnull=False), no_show_at=None)

    def hand_cash_back(self, *, now: datetime) -> bool:
        """What it returned was given out of the till. False when nothing is owed, or it was given before."""
        return self._write(self.Status.CANCELLED, self.CASH_OWED, cash_returned_at=now)

    def reseat(self, *, by: str, now: datetime) -> bool:
        """freed → paid, for a payment that succeeded after all; the caller takes the seat."""
        return self._move(
            self.Status.FREED,
            self.Status.PAID,
            by=by,
            reason="late_payment",
            now=now,
            paid_with=self.PaidWith.CARD,
            paid_at=now,
            ended_at=None,
            ended_reason="",
        )

    def _move(
        self, from_: str, to: str, also: Q | None = None, *, by: str, reason: str, now: datetime, **fields: Any
    ) -> bool:
        if not self._write(from_, also or Q(), status=to, **fields):
            return False
        self._write_transition(from_, to, reason=reason, by=by, now=now)
        return True

    def _write(self, from_: str, also: Q, **fields: Any) -> bool:
        if not Booking.objects.filter(also, pk=self.pk, status=from_).update(**fields):
            return False
        for name, value in fields.items():
            setattr(self, name, value)
        return True

    def _write_transition(self, from_: str, to: str, *, reason: str, by: str, now: datetime) -> None:
        BookingTransition.objects.create(
            booking=self, from_status=from_, to_status=to, reason=reason, by=by[:64], at=now
        )


class BookingTransition(models.Model):
    """One change of a booking's status; append-only. Replaying them gives the present status."""

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="transitions")
    from_status = models.CharField(max_length=16, blank=True)
    to_status = models.CharField(max_length=16)
    reason = models.CharField(max_length=32)
    by = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.from_status or '–'} → {self.to_status}"
