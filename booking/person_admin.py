"""A member's page for staff: all there is of them, and what may be done, each act by its own permission."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from booking import person
from booking.models import Booking, WaitlistEntry
from booking.person_forms import BlockForm, CorrectForm, GrantForm, NoteForm, RefundForm, ResendForm
from members.models import Member, MemberNote
from notifications.models import Message
from payments.models import CreditLot, PackPurchase, Payment


@require_GET
def page(request: HttpRequest, member_id: int) -> HttpResponse:
    """Everything of one member that whoever asks may see."""
    if not _may_see(request, Member):
        raise PermissionDenied
    member = get_object_or_404(Member, pk=member_id)
    context = {
        **admin.site.each_context(request),
        "title": "Erased member" if member.is_erased else str(member),
        "member": member,
        **_sections(request, member, timezone.now()),
        **_standing(request, member),
    }
    return TemplateResponse(request, "admin/booking/person.html", context)


def _sections(request: HttpRequest, member: Member, now: datetime) -> dict[str, Any]:
    """The parts of the page; what is kept from whoever asks is not there."""
    shown: dict[str, Any] = {}
    if _may_see(request, MemberNote) or request.user.has_perm("members.add_membernote"):
        shown |= _notes(request, member)
    if _may_see(request, Booking):
        shown |= {"coming": person.coming(member, now=now), "past": person.past(member, now=now)}
    if _may_see(request, WaitlistEntry):
        shown["waited_for"] = person.waited_for(member)
    if _may_see(request, CreditLot):
        shown |= _credits(request, member, now)
    if _may_see(request, Payment):
        shown |= _payments(request, member)
    if _may_see(request, PackPurchase):
        shown["purchases"] = person.purchases(member)
    if _may_see(request, Message):
        shown |= _messages(request, member)
    return shown


def _notes(request: HttpRequest, member: Member) -> dict[str, Any]:
    found = person.notes(member)
    if not _may_do(request, member, "members.add_membernote"):
        return {"notes": found}
    return {"notes": found, "note_form": NoteForm(initial={"seen": found.rows[0].pk if found.rows else 0})}


def _credits(request: HttpRequest, member: Member, now: datetime) -> dict[str, Any]:
    ledger = person.ledger(member, now=now)
    shown: dict[str, Any] = {"ledger": ledger}
    if _may_do(request, member, "payments.add_creditlot"):
        shown["grant_form"] = GrantForm()
    if ledger.usable and _may_do(request, member, "payments.correct_creditlot"):
        shown["correct_form"] = CorrectForm(lots=ledger.usable, initial={"seen": ledger.seen})
    return shown


def _payments(request: HttpRequest, member: Member) -> dict[str, Any]:
    """Money goes back to who has erased themselves as well."""
    paid = person.payments(member)
    if not request.user.has_perm("payments.refund_payment"):
        return {"payments": paid}
    return {
        "payments": paid,
        "refund_forms": {one.payment.pk: _refund_form(one) for one in paid.rows if one.can_return},
    }


def _refund_form(one: person.Paid) -> RefundForm:
    return RefundForm(place=str(one.payment.pk), initial={"payment": one.payment.pk, "seen": len(one.refunds)})


def _messages(request: HttpRequest, member: Member) -> dict[str, Any]:
    told = person.messages(member)
    if not _may_do(request, member, "notifications.add_message"):
        return {"told": told}
    rows = [one.message.pk for one in told.rows if one.can_follow]
    return {"told": told, "resend_forms": {pk: ResendForm(place=str(pk), initial={"message": pk}) for pk in rows}}


def _standing(request: HttpRequest, member: Member) -> dict[str, Any]:
    return {"block_form": BlockForm()} if _may_do(request, member, "members.block_member") else {}


def _may_do(request: HttpRequest, member: Member, permission: str) -> bool:
    """Nothing brings back who has erased themselves."""
    return request.user.has_perm(permission) and not member.is_erased


def _may_see(request: HttpRequest, model: type[Model]) -> bool:
    app, name = model._meta.app_label, model._meta.model_name
    return any(request.user.has_perm(f"{app}.{act}_{name}") for act in ("view", "change"))
