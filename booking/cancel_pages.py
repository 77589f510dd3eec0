"""Staff cancel sessions in the admin: what it would do, the confirmation, and what became of each booking."""

import time
from collections.abc import Collection
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from booking import cancellation_preview, cancellation_report, session_cancellation
from booking.exceptions import SessionClosed
from booking.models import ClassSession
from members.requests import staff_of

PERMISSION = "booking.cancel_classsession"
# A page is answered in time, whatever Stripe does: going on is one more press, and the expiry command goes on as well.
PATIENCE_SECONDS = 15
MOST = 100
may_cancel = permission_required(PERMISSION, raise_exception=True)


class NotChosen(Exception):
    """The address names no sessions, some that there are not, or too many at once."""


def address(page: str, ids: Collection[int]) -> str:
    """Where a page about these sessions is."""
    return f"{reverse(f'admin:{page}')}?{urlencode({'ids': ','.join(map(str, ids))}, safe=',')}"


def chosen(request: HttpRequest) -> list[int]:
    """The sessions that an address or a form names; NotChosen."""
    asked = (request.POST if request.method == "POST" else request.GET).get("ids", "")
    try:
        ids = sorted({int(number) for number in asked.split(",") if number.strip()})
    except ValueError as error:
        raise NotChosen("That names no sessions.") from error
    if not ids or len(ids) > MOST:
        raise NotChosen(f"Choose from 1 to {MOST} sessions.")
    if ids[0] < 1 or ids[-1] > 2**63 - 1 or ClassSession.objects.filter(pk__in=ids).count() < len(ids):
        raise NotChosen("Some of these sessions do not exist.")
    return ids


def to_list(request: HttpRequest, why: NotChosen) -> HttpResponse:
    messages.error(request, str(why))
    return HttpResponseRedirect(reverse("admin:booking_classsession_changelist"))


@may_cancel
def cancel(request: HttpRequest) -> HttpResponse:
    """What cancelling these sessions would do; a POST does it, or goes on with what was left."""
    try:
        ids = chosen(request)
    except NotChosen as error:
        return to_list(request, error)
    if request.method == "POST":
        _do(request, ids)
        return HttpResponseRedirect(address("booking_cancelled", ids))
    outlooks = cancellation_preview.foresee(ids, now=timezone.now())
    context = {
        **admin.site.each_context(request),
        "title": "Cancel this session" if len(ids) == 1 else f"Cancel {len(ids)} sessions",
        "outlooks": outlooks,
        "totals": cancellation_preview.add_up(outlooks),
        "ends": any(one.ends for one in outlooks),
        "ids": ",".join(map(str, ids)),
    }
    return TemplateResponse(request, "admin/booking/classsession/cancel.html", context)


def _do(request: HttpRequest, ids: list[int]) -> None:
    """Every session first, so that nobody books any more; then their bookings, until the page must answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    actor, reason, now = staff_of(request), request.POST.get("reason", "").strip(), timezone.now()
    for session in ClassSession.objects.filter(pk__in=ids).order_by("starts_at", "pk"):
        try:
            session_cancellation.close(session, actor=actor, reason=reason, now=now)
        except SessionClosed:
            messages.error(request, f"{session.title} has begun: it was not cancelled.")
    for _ in session_cancellation.end(ids, by=f"staff:{actor.pk}", now=now):
        if time.monotonic() > deadline:
            break


@may_cancel
def report(request: HttpRequest) -> HttpResponse:
    """How far it has come, read off the rows: whoever comes back, reloads or was cut off sees what is so now."""
    try:
        ids = chosen(request)
    except NotChosen as error:
        return to_list(request, error)
    reports = cancellation_report.read(ids, now=timezone.now())
    context = {
        **admin.site.each_context(request),
        "title": "What became of it",
        "reports": reports,
        "sum": cancellation_report.add_up(reports),
        "ids": ",".join(map(str, ids)),
    }
    return TemplateResponse(request, "admin/booking/classsession/cancelled.html", context)
