"""The front desk in the admin, made for a tablet at the door: the day, the roster, and somebody more."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from rest_framework.exceptions import APIException

from booking import attendance, desk, roster, timetable
from booking.desk_forms import NewcomerForm, SaleForm
from booking.models import Booking, ClassSession
from members import acts
from members.models import Member
from payments import credits
from payments.currencies import written

Act = Callable[..., Booking]
AT_THE_DOOR: dict[str, Act] = {"check_in": attendance.check_in, "undo_check_in": attendance.undo_check_in}
OF_THE_DESK: dict[str, Act] = {
    "no_show": attendance.miss,
    "undo_no_show": attendance.undo_no_show,
    "end_hold": desk.end_hold,
}
SHOWN = 20
SOON = timedelta(hours=1)


@require_http_methods(["GET", "POST"])
def day(request: HttpRequest) -> HttpResponse:
    """The sessions of a day, and the cash that is to be handed back; a press of its button says that it was."""
    member = _staff(request)
    if request.method == "POST":
        return _hand_back(request, reverse("desk"))
    shown = _day(request.GET.get("of", ""))
    context = {
        "title": f"Front desk, {shown:%A %d %B %Y}",
        "sessions": roster.of_day(member, shown),
        "earlier": shown - timedelta(days=1),
        "later": shown + timedelta(days=1),
        "runs_desk": roster.runs_desk(member),
        "owed": roster.owed() if roster.runs_desk(member) else [],
    }
    return _page(request, "admin/desk/day.html", context)


@require_http_methods(["GET", "POST"])
def session(request: HttpRequest, pk: int) -> HttpResponse:
    """Who comes to a session; the buttons say who has come, who has not, and what is done about a hold."""
    one = _session(request, pk)
    if request.method == "POST":
        return _act(request, one)
    context = {"title": str(one.title), "roster": roster.of(one, now=timezone.now())}
    return _page(request, "admin/desk/session.html", context | {"runs_desk": roster.runs_desk(_staff(request))})


@require_http_methods(["GET"])
def on_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a list to print, with a box to tick for each."""
    one = _session(request, pk)
    context = {"title": str(one.title), "roster": roster.of(one, now=timezone.now()), "is_popup": True}
    return _page(request, "admin/desk/print.html", context)


@require_http_methods(["GET", "POST"])
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Look for a member to book, or make one."""
    one = _session(request, pk, desk_only=True)
    newcomer = NewcomerForm(request.POST or None)
    if request.method == "POST":
        known = Member.objects.filter(email=request.POST.get("email", "").strip().lower(), is_active=True).first()
        if known is not None:
            messages.info(request, f"{known.email} is a member already.")
            return redirect("desk-sale", pk=one.pk, member=known.pk)
        if newcomer.is_valid() and (made := _make(newcomer, _staff(request))):
            return redirect("desk-sale", pk=one.pk, member=made.pk)
    words = request.GET.get("q", "").strip()[:100]
    found = list(roster.found(words)[: SHOWN + 1]) if words else []
    context = {"title": f"Somebody more: {one.title}", "session": one, "newcomer": newcomer, "words": words}
    return _page(request, "admin/desk/people.html", context | {"found": found[:SHOWN], "more": len(found) > SHOWN})


@require_http_methods(["GET", "POST"])
def sale(request: HttpRequest, pk: int, member: int) -> HttpResponse:
    """Book for this member: what it costs, how they pay, and an extra seat where the studio allows one."""
    one = _session(request, pk, desk_only=True)
    buyer = get_object_or_404(Member, pk=member)
    now = timezone.now()
    refused = ""
    form = SaleForm(request.POST or None, initial={"key": uuid.uuid4(), "here": one.starts_at <= now + SOON})
    if request.method == "POST" and form.is_valid():
        asked = {"member_id": buyer.pk, "session_id": one.pk, **form.cleaned_data}
        try:
            sold = desk.book(actor=_staff(request), now=now, **asked)
        except APIException as refusal:
            refused = str(refusal.detail)
        else:
            _say_sold(request, sold, buyer)
            return _to_row(one, sold.booking)
    context = {"title": f"Book for {buyer}", "session": one, "member": buyer, "form": form, "refused": refused}
    return _page(request, "admin/desk/sale.html", context | _prices(one, buyer))


def _prices(one: ClassSession, buyer: Member) -> dict[str, Any]:
    """What the page of a sale says beside its form."""
    has = sum(lot.remaining for lot in credits.usable(buyer, at=one.starts_at))
    holding = Booking.objects.filter(member=buyer, session=one, status__in=Booking.HOLDING).first()
    return {
        "balance": has,
        "by_credits": 0 < one.credits_required <= has,
        "price": written(one.amount, one.currency),
        "holding": holding,
        "how": roster.how_paid(holding) if holding else "",
        "extra_left": roster.extra_seats_left(one),
    }


def _say_sold(request: HttpRequest, sold: desk.Sold, buyer: Member) -> None:
    told = f"{buyer} is booked: {roster.how_paid(sold.booking)}. Reference {sold.booking.reference}."
    messages.success(request, told if sold.created else f"This was done already. {told}")


def _act(request: HttpRequest, one: ClassSession) -> HttpResponse:
    """Do what the button says to a booking of this session; a refusal is told, and nothing has changed."""
    named, runs_desk = request.POST.get("act", ""), roster.runs_desk(_staff(request))
    if named not in AT_THE_DOOR and not runs_desk:
        raise PermissionDenied
    if named == "hand_back":
        return _hand_back(request, reverse("desk-session", args=[one.pk]))
    if named == "miss_the_rest":
        return _miss_the_rest(request, one)
    booking = get_object_or_404(one.bookings.select_related("session"), reference=request.POST.get("booking"))
    act = (AT_THE_DOOR | OF_THE_DESK).get(named)
    if act is None:
        raise Http404
    try:
        act(booking, actor=_staff(request), now=timezone.now())
    except APIException as refusal:
        messages.error(request, f"{booking.member}: {refusal.detail}")
    return _to_row(one, booking)


def _miss_the_rest(request: HttpRequest, one: ClassSession) -> HttpResponse:
    try:
        missed = attendance.miss_the_rest(one, actor=_staff(request), now=timezone.now())
    except APIException as refusal:
        messages.error(request, str(refusal.detail))
    else:
        messages.success(request, f"No-shows: {missed}. Whoever comes after all is checked in as ever.")
    return redirect("desk-session", pk=one.pk)


def _hand_back(request: HttpRequest, back: str) -> HttpResponse:
    if not roster.runs_desk(_staff(request)):
        raise PermissionDenied
    booking = get_object_or_404(Booking.objects.select_related("member"), reference=request.POST.get("booking"))
    try:
        desk.hand_back(booking, actor=_staff(request), now=timezone.now())
    except APIException as refusal:
        messages.error(request, f"{booking.reference}: {refusal.detail}")
    else:
        cash = written(booking.returned_amount, booking.currency)
        messages.success(request, f"{cash} handed back to {booking.member}, for {booking.reference}.")
    return HttpResponseRedirect(back)


def _make(newcomer: NewcomerForm, actor: Member) -> Member | None:
    """A new member, as the API makes them; None, and an error in the form, when a twin was quicker."""
    try:
        with transaction.atomic():
            made: Member = newcomer.newcomer.save()
            acts.record(actor=actor, act="create_member", subject=f"member:{made.pk}", now=timezone.now())
    except IntegrityError:
        newcomer.add_error("email", "A member with this e-mail exists.")
        return None
    return made


def _staff(request: HttpRequest) -> Member:
    assert isinstance(request.user, Member)
    return request.user


def _session(request: HttpRequest, pk: int, *, desk_only: bool = False) -> ClassSession:
    """The session; PermissionDenied when it is not theirs to see, Http404 when there is none."""
    theirs = roster.sessions(_staff(request))
    one: ClassSession = get_object_or_404(ClassSession, pk=pk)
    if (desk_only and not roster.runs_desk(_staff(request))) or not theirs.filter(pk=pk).exists():
        raise PermissionDenied
    return one


def _day(asked: str) -> date:
    today = timetable.studio_today(timezone.now())
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        return today
    return day if 2000 <= day.year < 2100 else today


def _to_row(one: ClassSession, booking: Booking) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('desk-session', args=[one.pk])}#{booking.reference}")


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})


urlpatterns = [
    path("", admin.site.admin_view(day), name="desk"),
    path("<int:pk>/", admin.site.admin_view(session), name="desk-session"),
    path("<int:pk>/print/", admin.site.admin_view(on_paper), name="desk-print"),
    path("<int:pk>/people/", admin.site.admin_view(people), name="desk-people"),
    path("<int:pk>/people/<int:member>/", admin.site.admin_view(sale), name="desk-sale"),
]
