"""What tests of paying share."""

import re

from playwright.sync_api import expect

from booking.models import Booking, ClassSession
from members.models import Member
from tests.web.visitor import Visit, Visitor


def opens(visit: Visit, member: Member, one: ClassSession, **context: object) -> Visitor:
    """On the page that pays for a seat, with the card form ready."""
    page: Visitor = visit(member, f"/session/{one.pk}", **context)
    page.presses(re.compile("^Book for £15"))
    expect(page.card().get_by_label("Card number")).to_be_visible()
    return page


def held() -> Booking:
    """The one booking there is."""
    return Booking.objects.select_related("payment").get()


def intent() -> str:
    """The intent it waits for."""
    payment = held().payment
    assert payment is not None
    return str(payment.stripe_intent_id)
