"""Add somebody: look for a member at the desk, or make one, and book for them."""

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods
from rest_framework.exceptions import APIException

from booking import desk, roster
from booking.desk_forms import NewcomerForm, SaleForm
from booking.desk_pages import page, session_of, to_row, typed
from booking.models import Booking, ClassSession
from members import acts
from members.models import Member
from members.requests import staff_of
from payments import credits
from payments.currencies import written

SHOWN = 20
SOON = timedelta(hours=1)


@require_http_methods(["GET", "POST"])
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Look for a member to book, or make one."""
    one = session_of(request, pk, desk_only=True)
    newcomer = NewcomerForm(request.POST or None)
    may_add = staff_of(request).has_perm("members.add_member")
    if request.method == "POST":
        if not may_add:
            raise PermissionDenied
        known = Member.objects.filter(email=typed(request.POST, "email").lower(), is_active=True).first()
        if known is not None:
            messages.info(request, f"{known.email} is a member already.")
            return redirect("desk-sale", pk=one.pk, member=known.pk)
        if newcomer.is_valid() and (made := _make(newcomer, staff_of(request))):
            return redirect("desk-sale", pk=one.pk, member=made.pk)
    words = typed(request.GET, "q")[:100]
    found = list(roster.found(words)[: SHOWN + 1]) if words else []
    context = {"title": f"Add somebody: {one.title}", "session": one, "newcomer": newcomer, "words": words}
    context |= {"found": found[:SHOWN], "more": len(found) > SHOWN, "may_add": may_add}
    return page(request, "admin/desk/people.html", context)


@require_http_methods(["GET", "POST"])
def sale(request: HttpRequest, pk: int, member: int) -> HttpResponse:
    """Book for this member: what it costs, how they pay, and an extra seat where the studio allows one."""
    one = session_of(request, pk, desk_only=True)
    buyer = get_object_or_404(Member, pk=member)
    now = timezone.now()
    refused = ""
    form = SaleForm(request.POST or None, initial={"key": uuid.uuid4(), "here": one.starts_at <= now + SOON})
    if request.method == "POST" and form.is_valid():
        asked = {"member_id": buyer.pk, "session_id": one.pk, **form.cleaned_data}
        try:
            sold = desk.book(actor=staff_of(request), now=now, **asked)
        except APIException as refusal:
            refused = str(refusal.detail)
            one.refresh_from_db()
        else:
            _say_sold(request, sold, buyer)
            return to_row(one, sold.booking)
    context = {"title": f"Book for {buyer}", "session": one, "member": buyer, "form": form, "refused": refused}
    return page(request, "admin/desk/sale.html", context | _prices(one, buyer))


def _prices(one: ClassSession, buyer: Member) -> dict[str, Any]:
    """What the page of a sale says beside its form."""
    has = credits.balance(buyer, at=one.starts_at)
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
