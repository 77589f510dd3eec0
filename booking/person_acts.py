"""What staff may do on a member's page: each act by its own permission, once however often it is sent, and logged."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST
from rest_framework.exceptions import APIException

from booking.person_forms import ActForm, BlockForm, CorrectForm, GrantForm, NoteForm, RefundForm, ResendForm
from boundary import studio_clock
from members import notes, standing
from members.acted import log
from members.models import Member
from members.requests import staff_of
from notifications import again
from payments import credits, currencies, goodwill
from payments.currencies import written
from payments.exceptions import NotReturnable
from payments.models import Payment

# What was done, in a sentence, or what was not done because it had been done before.
Done = Callable[[HttpRequest, Member, dict[str, Any], datetime], tuple[bool, str]]


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


def _note(request: HttpRequest, member: Member, given: dict[str, Any], now: datetime) -> tuple[bool, str]:
    added = notes.add(member.pk, text=given["text"], seen=given["seen"], by=staff_of(request), now=now)
    return added, "The note was added." if added else "This note is there already."


def _grant(request: HttpRequest, member: Member, given: dict[str, Any], now: datetime) -> tuple[bool, str]:
    last_day, number = given["last_day"], given["credits"]
    with transaction.atomic():
        standing.living(member.pk)
        before = credits.balance(member, at=now)
        lot, granted = credits.grant(
            member=member,
            credits=number,
            note=given["reason"],
            granted_by=staff_of(request),
            now=now,
            expires_at=studio_clock.moment(last_day + timedelta(days=1)) if last_day else None,
            idempotency_key=str(given["key"]),
        )
        if granted:
            after = {"balance": before + number, "lot": lot.pk, "expires_at": lot.expires_at}
            told = {"before": {"balance": before}, "after": after, "reason": given["reason"]}
            log(request, "grant_credits", f"member:{member.pk}", **told)
    return granted, f"Credits granted: {number}." if granted else "These credits were granted already."


def _correct(request: HttpRequest, member: Member, given: dict[str, Any], now: datetime) -> tuple[bool, str]:
    number, lot = given["credits"], given["lot"]
    with transaction.atomic():
        standing.living(member.pk)
        before = credits.balance(member, at=now)
        taken = credits.correct(member, credits=number, lot_id=lot, seen=given["seen"], now=now)
        if taken:
            after = {"balance": before - number, "lot": lot}
            told = {"before": {"balance": before}, "after": after, "reason": given["reason"]}
            log(request, "correct_credits", f"member:{member.pk}", **told)
    return taken, f"Credits taken back: {number}." if taken else "These credits were taken back already."


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
        by=staff_of(request),
        reason=given["reason"],
        now=now,
    )
    said = written(amount, payment.currency)
    return owed, f"{said} goes back to the card." if owed else f"{said} is going back already; nothing is given twice."


def _resend(request: HttpRequest, member: Member, given: dict[str, Any], now: datetime) -> tuple[bool, str]:
    sent = again.send(given["message"], member=member, by=staff_of(request), now=now)
    return sent, "The message is sent again." if sent else "It was sent again already; look at the latest one."


def _block(request: HttpRequest, member: Member, given: dict[str, Any], now: datetime) -> tuple[bool, str]:
    done = standing.block(member.pk, by=staff_of(request), reason=given["reason"], now=now)
    return done, "They are blocked, and signed out everywhere." if done else "They are blocked already."


def _unblock(request: HttpRequest, member: Member, given: dict[str, Any], now: datetime) -> tuple[bool, str]:
    done = standing.unblock(member.pk, by=staff_of(request), reason=given["reason"], now=now)
    return done, "They may sign in again." if done else "They are not blocked."


note = _act("members.add_membernote", NoteForm, _note)
grant = _act("payments.add_creditlot", GrantForm, _grant)
correct = _act("payments.correct_creditlot", CorrectForm, _correct)
refund = _act("payments.refund_payment", RefundForm, _refund)
resend = _act("notifications.add_message", ResendForm, _resend)
block = _act("members.block_member", BlockForm, _block)
unblock = _act("members.block_member", BlockForm, _unblock)
