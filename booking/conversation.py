"""What a member asks for on WhatsApp: to take an offer, or to give a booking back.

The words are one's own act only with the answer: a process may die in between and the same message be told again. So
each act is one that can be repeated: an offer is taken with the message's id as key, a booking is cancelled once.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from rest_framework.exceptions import APIException

from booking import cancellation, checkout, quotes
from booking.exceptions import NotCancellable, QuoteNotValid
from booking.messages import in_studio_time
from booking.models import Booking, ClassSession, WaitlistEntry
from members.models import Member
from notifications.models import Reply
from payments.exceptions import InsufficientCredits, PaymentsUnavailable

HELP = (
    "Write YES to take a seat we offer you, CANCEL BOOKING to give your next booking back, "
    "or STOP to hear no more from us on WhatsApp."
)
NO_BOOKING = "You have no such booking that can be cancelled."
NO_QUESTION = "There is nothing to confirm. Write CANCEL BOOKING to give your next booking back."
TOO_LATE = "That was too long ago. Write CANCEL BOOKING, and we tell you what comes back now."
NO_OFFER = "No seat is on offer for you at the moment."
# O, I and L are no letters of a reference; people write them all the same.
AS_DIGITS = str.maketrans("OIL", "011")
LATER = "That could not be done just now. Please write again in a minute."


def act(reply: Reply, words: list[str], /, *, member: Member, now: datetime) -> str:
    """Do what the words ask for, once however often it is told; the answer in a sentence or two. Network."""
    try:
        if words == ["YES"]:
            return _take_offer(reply, member, now)
        if words[:1] == ["CANCEL"] and len(asked := [word for word in words[1:] if word != "BOOKING"]) <= 1:
            return _quote(reply, member, asked, now)
        if words == ["CONFIRM"]:
            return _cancel(reply, member, now)
    except QuoteNotValid:
        return TOO_LATE
    except PaymentsUnavailable:
        return LATER
    except APIException as refusal:
        return str(refusal.detail)
    return HELP


def _take_offer(reply: Reply, member: Member, now: datetime) -> str:
    offer = _offer(reply, member, now)
    if offer is None:
        return NO_OFFER
    reply.remember(booking=offer.reference)
    key = f"twilio:{reply.sid}"
    try:
        booked = checkout.book(member=member, session_id=offer.session_id, pay_with="credits", key=key, now=now)
    except InsufficientCredits:
        return f"Your credits do not cover it. {_pay_by_card(offer)}"
    if booked.booking.status != Booking.Status.PAID:
        return f"You hold it already. {_pay_by_card(booked.booking)}"
    return f"You are booked: {_named(booked.booking)}. Reference {booked.booking.reference}."


def _quote(reply: Reply, member: Member, asked: list[str], now: datetime) -> str:
    """Ask back: which booking, and what comes back. Nothing has changed when it is told again."""
    paid = Booking.objects.filter(
        member=member,
        status=Booking.Status.PAID,
        checked_in_at=None,
        no_show_at=None,
        session__status=ClassSession.Status.SCHEDULED,
        session__starts_at__gt=now,
    )
    if asked:
        paid = paid.filter(reference=asked[0].translate(AS_DIGITS))
    booking = paid.select_related("session", "payment", "credit_spend").order_by("session__starts_at", "id").first()
    if booking is None:
        return NO_BOOKING
    quote = quotes.draw(booking, now=now)
    reply.remember(booking=booking.reference, quote=quotes.sign(quote))
    left = max((quote.expires_at - now) // timedelta(minutes=1), 1)
    minutes = f"{left} minutes" if left > 1 else "a minute"
    return f"{_named(booking)}: {quotes.sentence(quote)} Write CONFIRM within {minutes} to cancel it."


def _cancel(reply: Reply, member: Member, now: datetime) -> str:
    """Do what the last question of this very member, on this very phone, was about, for exactly that quote."""
    earlier = Reply.objects.filter(member=member, phone=reply.phone, pk__lt=reply.pk)
    question = earlier.filter(~Q(quote="") | Q(answer=NO_BOOKING)).order_by("-id").first()
    if question is None or not question.quote:
        return NO_QUESTION
    bookings = Booking.objects.select_related("session", "member", "payment", "credit_spend")
    booking = bookings.get(member=member, reference=question.booking)
    if booking.status != Booking.Status.CANCELLED:
        try:
            cancellation.cancel(booking, by="member", reason="member", now=now, quote=question.quote)
        except NotCancellable:
            # Perhaps by a twin of this message, since we looked.
            booking.refresh_from_db()
            if booking.status != Booking.Status.CANCELLED:
                raise
    return f"Your booking is cancelled: {_named(booking)}. {quotes.sentence(booking)}"


def _pay_by_card(booking: Booking) -> str:
    return f"Pay by card here: {settings.PUBLIC_BASE_URL}/?booking={booking.reference}"


def _named(booking: Booking) -> str:
    return f"{booking.session.title}, {in_studio_time(booking.session.starts_at)}"


def _offer(reply: Reply, member: Member, now: datetime) -> Booking | None:
    """The one this message was about when it was first told, else the live one that begins soonest.

    One that the member has begun to pay for by card comes after those that are not taken yet.
    """
    bookings = Booking.objects.filter(member=member).select_related("session")
    if reply.booking:
        return bookings.filter(reference=reply.booking).first()
    offered = WaitlistEntry.objects.filter(member=member).values("offer")
    live = bookings.filter(
        Q(payment=None) | Q(pk__in=offered),
        status=Booking.Status.PENDING,
        expires_at__gt=now,
        session__status=ClassSession.Status.SCHEDULED,
        session__starts_at__gt=now,
    )
    return live.order_by(F("payment").asc(nulls_first=True), "session__starts_at", "id").first()
