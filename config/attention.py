"""What staff should look at, on one page: each concern with its age, and where it is dealt with. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.db import DatabaseError, InterfaceError
from django.db.models import Exists, Min, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from booking import integrity
from booking.integrity import Verdict
from config import backlog
from config.backlog import Waiting
from notifications import again
from notifications.models import Message
from payments.models import Dispute, Payment, Reconciliation, Refund, UnmatchedMoney

LATE = {
    "stale_holds": ("Holds past their time", "booking_booking", "pending"),
    "stale_purchases": ("Purchases past their time", "payments_packpurchase", "pending"),
    "refunds_owed": ("Refunds that wait to be sent", "payments_refund", "due"),
    "messages_due": ("Messages that wait to be sent", "notifications_message", "queued"),
}


@dataclass(frozen=True)
class Concern:
    """One kind of thing to look at: how many there are, since when, where, and what solves it."""

    title: str
    count: int
    since: datetime | None
    link: str
    solution: str


def concerns(now: datetime) -> list[Concern]:
    """Everything that waits for somebody, the oldest kind first; nothing when all is well."""
    found = [*_money(), *_words(), *_commands(now)]
    return sorted((one for one in found if one.count), key=lambda one: one.since or now)


def _money() -> list[Concern]:
    # A failure that was owed again, or has been returned another way, is dealt with.
    later = Refund.objects.filter(payment=OuterRef("payment"), pk__gt=OuterRef("pk"), status__in=Refund.RETURNING)
    failed = Refund.objects.filter(~Exists(later), status=Refund.Status.FAILED).exclude(failure_code="already_returned")
    last = Reconciliation.objects.first()
    return [
        _concern(
            "Payments that do not add up",
            Payment.objects.filter(status=Payment.Status.REVIEW),
            "created_at",
            "admin:payments_payment_changelist",
            "status__exact=review",
            "Compare with Stripe: reconcile_payments --fix settles what Stripe can tell; refund the rest there.",
        ),
        _concern(
            "Refunds that failed",
            failed,
            "ended_at",
            "admin:payments_refund_changelist",
            "status__exact=failed",
            "Ask the member for another way, or owe the refund again: mark it and choose the action.",
        ),
        _concern(
            "Money that belongs to nothing here",
            UnmatchedMoney.objects.filter(resolved_at=None),
            "found_at",
            "admin:payments_unmatchedmoney_changelist",
            "resolved_at__isempty=1",
            "Return it at Stripe or book for its owner, then mark it as dealt with.",
        ),
        _concern(
            "Charges that are contested",
            Dispute.objects.filter(closed_at=None),
            "created_at",
            "admin:payments_dispute_changelist",
            "",
            "Answer the dispute in Stripe's dashboard before its deadline.",
        ),
        _concern(
            "The last comparison with Stripe left something",
            Reconciliation.objects.filter(pk=last.pk, left__gt=0) if last else Reconciliation.objects.none(),
            "started_at",
            "admin:payments_reconciliation_changelist",
            "",
            "Open the run and look at its findings; run reconcile_payments --fix again.",
        ),
    ]


def _words() -> list[Concern]:
    lost = Message.objects.filter(status__in=(Message.Status.FAILED, Message.Status.SKIPPED), emailed_at=None)
    return [
        _concern(
            "Messages that reached nobody",
            lost.filter(~again.followed(), email_due_at=None).exclude(email_reason=""),
            "created_at",
            "admin:notifications_message_changelist",
            "status__exact=failed",
            "Call the member; correct the phone number or the address, and send it again on their page.",
        )
    ]


def _commands(now: datetime) -> list[Concern]:
    """What cron should have done by now; before its time is up it is nobody's concern."""
    late = {name: waiting for name, waiting in backlog.measure(now).items() if name in backlog.CRON and waiting.late}
    return [_left_by_cron(name, waiting, now) for name, waiting in late.items()]


def _left_by_cron(name: str, waiting: Waiting, now: datetime) -> Concern:
    title, where, status = LATE[name]
    since = now - timedelta(seconds=waiting.seconds)
    link = f"{reverse(f'admin:{where}_changelist')}?status__exact={status}"
    solution = f"Cron seems to stand still: run manage.py {backlog.CRON[name]}, and see that it runs every minute."
    return Concern(title, waiting.count, since, link, solution)


def _concern(title: str, rows: QuerySet, moment: str, where: str, query: str, solution: str) -> Concern:
    since = rows.order_by().aggregate(since=Min(moment))["since"]
    return Concern(title, rows.count(), since, f"{reverse(where)}?{query}".rstrip("?"), solution)


@permission_required("booking.view_reports", raise_exception=True)
def queue(request: HttpRequest) -> HttpResponse:
    """The page; a press of its button holds the database against the laws there and then."""
    now = timezone.now()
    checked = request.method == "POST"
    context = {
        **admin.site.each_context(request),
        "title": "Attention",
        "concerns": concerns(now),
        "checked": checked,
        "broken": _broken(now) if checked else [],
    }
    return TemplateResponse(request, "admin/attention.html", context)


def _broken(now: datetime) -> list[Verdict]:
    try:
        return [verdict for verdict in integrity.check(now=now) if verdict.count]
    except (DatabaseError, InterfaceError) as error:
        return [Verdict("could not check", f"The database could not be read: {error}", 1)]
