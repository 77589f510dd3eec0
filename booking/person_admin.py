"""A member's page for staff: all there is of them, and what may be done, each act by its own permission."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from rest_framework.exceptions import APIException

from booking import person
from booking.models import Booking, WaitlistEntry
from booking.person_forms import ActForm, NoteForm, RefundForm
from members import notes
from members.models import Member, MemberNote
from notifications.models import Message
from payments import currencies, goodwill
from payments.currencies import written
from payments.exceptions import NotReturnable
from payments.models import CreditLot, PackPurchase, Payment

# What was done, in a sentence, or what was not done because it had been done before.
Done = Callable[[HttpRequest, Member, dict[str, Any], datetime], tuple[bool, str]]


@require_GET
def page(request: HttpRequest, member_id: int) -> HttpResponse:
    """Everything of one member that whoever asks may see."""
    if not _may_see(request, Member):
        raise PermissionDenied
    member = get_object_or_404(Member, pk=member_id)
    may = request.user.has_perm
    context = {
        **admin.site.each_context(request),
        "title": "Erased member" if member.is_erased else str(member),
        "member": member,
        **_sections(request, member, timezone.now()),
        "may_note": may("members.add_membernote") and not member.is_erased,
    }
    return TemplateResponse(request, "admin/booking/person.html", context)


def _sections(request: HttpRequest, member: Member, now: datetime) -> dict[str, Any]:
    """The parts of the page; what is kept from whoever asks is not there."""
    shown: dict[str, Any] = {}
    if _may_see(request, MemberNote) or request.user.has_perm("members.add_membernote"):
        shown["notes"] = found = person.notes(member)
        shown["note_form"] = NoteForm(initial={"seen": found.rows[0].pk if found.rows else 0})
    if _may_see(request, Booking):
        shown |= {"coming": person.coming(member, now=now), "past": person.past(member, now=now)}
    if _may_see(request, WaitlistEntry):
        shown["waited_for"] = person.waited_for(member)
    if _may_see(request, CreditLot):
        shown["ledger"] = person.ledger(member, now=now)
    if _may_see(request, Payment):
        shown["payments"] = paid = person.payments(member)
        if request.user.has_perm("payments.refund_payment"):
            shown["refund_forms"] = {one.payment.pk: _refund_form(one) for one in paid.rows if one.can_return}
    if _may_see(request, PackPurchase):
        shown["purchases"] = person.purchases(member)
    if _may_see(request, Message):
        shown["told"] = person.messages(member)
    return shown


def _refund_form(one: person.Paid) -> RefundForm:
    return RefundForm(place=str(one.payment.pk), initial={"payment": one.payment.pk, "seen": len(one.refunds)})


def _may_see(request: HttpRequest, model: type[Model]) -> bool:
    app, name = model._meta.app_label, model._meta.model_name
    return any(request.user.has_perm(f"{app}.{act}_{name}") for act in ("view", "change"))


def _act(permission: str, form: type[ActForm], do: Done) -> Callable[..., HttpResponse]:
    """One act of the page: refused without its permission, told in a message, and nothing on bad input."""

    @require_POST
    def view(request: HttpRequest, member_id: int) -> HttpResponse:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        member = get_object_or_404(Member, pk=member_id)
        given = form(request.POST)
        if not given.is_valid():
            messages.error(request, f"Nothing was changed. {given.complaint()}")
            return redirect("person", member_id)
        try:
            done, text = do(request, member, given.cleaned_data, timezone.now())
            messages.add_message(request, messages.SUCCESS if done else messages.WARNING, text)
        except APIException as refusal:
            messages.error(request, f"Nothing was changed. {refusal.detail}")
        return redirect("person", member_id)

    return view


def _staff(request: HttpRequest) -> Member:
    assert isinstance(request.user, Member)
    return request.user


def _note(request: HttpRequest, member: Member, given: dict[str, Any], now: datetime) -> tuple[bool, str]:
    added = notes.add(member.pk, text=given["text"], seen=given["seen"], by=_staff(request), now=now)
    return added, "The note was added." if added else "This note is there already."


def _refund(request: HttpRequest, member: Member, given: dict[str, Any], now: datetime) -> tuple[bool, str]:
    payment = Payment.objects.filter(pk=given["payment"]).first()
    if payment is None:
        raise NotReturnable
    amount = currencies.read(given["amount"], payment.currency)
    if not amount:
        raise NotReturnable(f"Amount: write it like {written(500, payment.currency)}, without the currency.")
    owed = goodwill.give(
        payment.pk,
        member=member,
        amount=amount,
        seen=given["seen"],
        by=_staff(request),
        reason=given["reason"],
        now=now,
    )
    said = written(amount, payment.currency)
    return owed, f"{said} goes back to the card." if owed else f"{said} is going back already; nothing is given twice."


note = _act("members.add_membernote", NoteForm, _note)
refund = _act("payments.refund_payment", RefundForm, _refund)
