"""The front desk in the admin, made for a tablet at the door: the sessions of the day, and who comes to one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from rest_framework.exceptions import APIException

from booking import attendance, desk, roster
from booking.models import Booking, ClassSession
from boundary import studio_clock
from members.requests import staff_of
from payments.currencies import written

Act = Callable[..., Booking]
AT_THE_DOOR: dict[str, Act] = {"check_in": attendance.check_in, "undo_check_in": attendance.undo_check_in}
OF_THE_DESK: dict[str, Act] = {
    "no_show": attendance.miss,
    "undo_no_show": attendance.undo_no_show,
    "end_hold": desk.end_hold,
    "take_back": desk.take_back,
}


@require_http_methods(["GET", "POST"])
def day(request: HttpRequest) -> HttpResponse:
    """The sessions of a day, and the cash that is to be handed back; a press of its button says that it was."""
    member = staff_of(request)
    if request.method == "POST":
        return _hand_back(request, reverse("desk"))
    shown = studio_clock.day(request.GET.get("of", "")) or studio_clock.today(timezone.now())
    context = {
        "title": f"Front desk, {shown:%A %d %B %Y}",
        "sessions": roster.of_day(member, shown),
        "earlier": shown - timedelta(days=1),
        "later": shown + timedelta(days=1),
        "runs_desk": roster.runs_desk(member),
        "owed": roster.owed() if roster.runs_desk(member) else [],
    }
    return page(request, "admin/desk/day.html", context)


@require_http_methods(["GET", "POST"])
def session(request: HttpRequest, pk: int) -> HttpResponse:
    """Who comes to a session; the buttons say who has come, who has not, and what is done about a hold."""
    one = session_of(request, pk)
    if request.method == "POST":
        return _act(request, one)
    context = {"title": str(one.title), "roster": roster.of(one, now=timezone.now())}
    return page(request, "admin/desk/session.html", context | {"runs_desk": roster.runs_desk(staff_of(request))})


@require_http_methods(["GET"])
def on_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a list to print, with a box to tick for each."""
    one = session_of(request, pk)
    context = {"title": str(one.title), "roster": roster.of(one, now=timezone.now()), "is_popup": True}
    return page(request, "admin/desk/print.html", context)


def _act(request: HttpRequest, one: ClassSession) -> HttpResponse:
    """Do what the button says to a booking of this session; a refusal is told, and nothing has changed."""
    named, runs_desk = request.POST.get("act", ""), roster.runs_desk(staff_of(request))
    if named not in AT_THE_DOOR and not runs_desk:
        raise PermissionDenied
    if named == "hand_back":
        return _hand_back(request, reverse("desk-session", args=[one.pk]))
    if named == "miss_the_rest":
        return _miss_the_rest(request, one)
    booking = get_object_or_404(
        one.bookings.select_related("session", "member", "credit_spend"), reference=typed(request.POST, "booking")
    )
    act = (AT_THE_DOOR | OF_THE_DESK).get(named)
    if act is None:
        raise Http404
    by_mistake = {"reason": typed(request.POST, "reason")[:200]} if named == "take_back" else {}
    try:
        act(booking, actor=staff_of(request), now=timezone.now(), **by_mistake)
    except APIException as refusal:
        messages.error(request, f"{booking.member}: {refusal.detail}")
    return to_row(one, booking)


def _miss_the_rest(request: HttpRequest, one: ClassSession) -> HttpResponse:
    try:
        missed = attendance.miss_the_rest(one, actor=staff_of(request), now=timezone.now())
    except APIException as refusal:
        messages.error(request, str(refusal.detail))
    else:
        messages.success(request, f"No-shows: {missed}. Whoever comes after all is checked in as ever.")
    return redirect("desk-session", pk=one.pk)


def _hand_back(request: HttpRequest, back: str) -> HttpResponse:
    if not roster.runs_desk(staff_of(request)):
        raise PermissionDenied
    booking = get_object_or_404(Booking.objects.select_related("member"), reference=typed(request.POST, "booking"))
    try:
        desk.hand_back(booking, actor=staff_of(request), now=timezone.now())
    except APIException as refusal:
        messages.error(request, f"{booking.reference}: {refusal.detail}")
    else:
        cash = written(booking.returned_amount, booking.currency)
        messages.success(request, f"{cash} handed back to {booking.member}, for {booking.reference}.")
    return HttpResponseRedirect(back)


def session_of(request: HttpRequest, pk: int, *, desk_only: bool = False) -> ClassSession:
    """The session; PermissionDenied when it is not theirs to see, Http404 when there is none."""
    theirs = roster.sessions(staff_of(request))
    one: ClassSession = get_object_or_404(ClassSession, pk=pk)
    if (desk_only and not roster.runs_desk(staff_of(request))) or not theirs.filter(pk=pk).exists():
        raise PermissionDenied
    return one


def typed(sent: QueryDict, name: str) -> str:
    """What was sent under this name, as far as a database can hold it."""
    return sent.get(name, "").replace("\0", "").strip()


def to_row(one: ClassSession, booking: Booking) -> HttpResponse:
    """Back to the roster, where this booking stands."""
    return HttpResponseRedirect(f"{reverse('desk-session', args=[one.pk])}#{booking.reference}")


def page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A page of the admin's; its list of tables would take the room of a tablet."""
    plain = {**admin.site.each_context(request), "is_nav_sidebar_enabled": False}
    return TemplateResponse(request, template, plain | context)
