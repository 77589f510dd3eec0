"""Sessions cancelled in the admin: however often it is confirmed at one instant, everybody is returned once."""

import pytest
from django.contrib.auth.models import Permission

from booking.models import Booking, ClassSession
from members.models import Member, StaffAct
from notifications.models import Message
from payments.models import CreditEntry, Refund
from tests.cast import Caller, Sandbox, seats_match
from tests.races.clients import at_once, press
from tests.races.crowd import crowd
from tests.races.server import Server
from tests.races.test_cancel_paid import MEMBERS, PRICE, given_back, paid_by_card, wait_until_returned

pytestmark = pytest.mark.load
CONFIRMATIONS = 20


def test_twenty_confirmations_at_once_return_each_booking_once(
    server: Server, yoga: ClassSession, as_carla: Caller, carla: Member, sandbox: Sandbox
) -> None:
    """Half of the members have paid by card and half by credits."""
    members = crowd(2 * MEMBERS, credits_each=1)
    bookings = paid_by_card(sandbox, yoga, members[:MEMBERS])
    for member in members[MEMBERS:]:
        assert member.book(yoga).json()["paid_with"] == "credits"
    carla.user_permissions.set(Permission.objects.filter(codename="cancel_classsession"))
    ask = press(as_carla, "/admin/booking/classsession/cancel/", ids=str(yoga.pk), reason="Broken boiler")
    answers = at_once(server.base, [ask] * CONFIRMATIONS)
    assert {answer.status for answer in answers} == {302}
    wait_until_returned(server)
    assert set(Booking.objects.values_list("status", "ended_reason")) == {("cancelled", "session_cancelled")}
    assert given_back(sandbox) == {one.payment.stripe_intent_id: PRICE for one in bookings if one.payment}
    assert Refund.objects.count() == MEMBERS
    assert CreditEntry.objects.filter(kind="returned").count() == MEMBERS
    assert Message.objects.filter(kind="session_cancelled").count() == 2 * MEMBERS
    assert StaffAct.objects.count() == 1
    yoga.refresh_from_db()
    assert (yoga.status, yoga.seats_taken, seats_match()) == ("cancelled", 0, True)
