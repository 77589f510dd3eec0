"""What a member asks for on WhatsApp: to take an offer, or to give a booking back.

The words are one's own act only with the answer: a process may die in between and the same message be told again. So
each act is one that can be repeated: an offer is taken with the message's id as key, a booking is cancelled once.
"""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from rest_framework.exceptions import APIException

from booking import checkout
from booking.messages import in_studio_time
from booking.models import Booking, ClassSession
from members.models import Member
from notifications.models import Reply
from payments.exceptions import InsufficientCredits, PaymentsUnavailable

HELP = "Write YES to take a seat we offer you, or STOP to hear no more from us on WhatsApp."
NO_OFFER = "No seat is on offer for you at the moment."
LATER = "That could not be done just now. Please write again in a minute."


def act(reply: Reply, words: Sequence[str], /, *, member: Member, now: datetime) -> str:
    """Do what the words ask for, once however often it is told; the answer in a sentence or two. Network."""
    try:
        if list(words) == ["YES"]:
            return _take_offer(reply, member, now)
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


def _pay_by_card(booking: Booking) -> str:
    return f"Pay by card here: {settings.PUBLIC_BASE_URL}/?booking={booking.reference}"


def _named(booking: Booking) -> str:
    return f"{booking.session.title}, {in_studio_time(booking.session.starts_at)}"


def _offer(reply: Reply, member: Member, now: datetime) -> Booking | None:
    """The one this message was about when it was first told, else the live one that begins soonest."""
    bookings = Booking.objects.filter(member=member).select_related("session")
    if reply.booking:
        return bookings.filter(reference=reply.booking).first()
    live = bookings.filter(
        status=Booking.Status.PENDING,
        payment=None,
        expires_at__gt=now,
        session__status=ClassSession.Status.SCHEDULED,
        session__starts_at__gt=now,
    )
    return live.order_by("session__starts_at", "id").first()
