"""The refusals of booking: status, code, sentence."""

from rest_framework import status
from rest_framework.exceptions import APIException


class OfferGone(Exception):
    """No refusal: the offer was taken, given up or has lapsed since we looked, and one looks again."""


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT


class SessionFull(Conflict):
    default_code = "session_full"
    default_detail = "No seat is left in this session. Its waitlist is open."
    waitlist_closed = "No seat is left in this session, and its waitlist is closed."


class AlreadyBooked(Conflict):
    default_code = "already_booked"
    default_detail = "You have a booking of this session."


class SessionClosed(Conflict):
    default_code = "session_closed"
    default_detail = "This session has started or was cancelled."


class TooManyHolds(Conflict):
    default_code = "too_many_holds"
    default_detail = "You hold as many unpaid seats as one member may; pay or give one back first."


class NotCancellable(Conflict):
    default_code = "not_cancellable"
    default_detail = "This booking cannot be cancelled any more."


class NotPaid(Conflict):
    default_code = "not_paid"
    default_detail = "Only who has a paid booking is checked in."


class SeatsAvailable(Conflict):
    default_code = "seats_available"
    default_detail = "This session has a free seat: book it."


class AlreadyWaiting(Conflict):
    default_code = "already_waiting"
    default_detail = "You are on the waitlist of this session."


class WaitlistClosed(Conflict):
    default_code = "waitlist_closed"
    default_detail = "It is too late to wait: a seat that is freed now goes to whoever books it first."


class HeldByCard(Conflict):
    default_code = "held_by_card"
    default_detail = "They hold this seat and may be paying for it by card: let them finish, or end the hold first."


class LineFirst(Conflict):
    default_code = "line_first"
    default_detail = "Others wait for this session: the next seat is offered to the first in line."


class MemberBlocked(Conflict):
    default_code = "member_blocked"
    default_detail = "This member is blocked: nothing is booked for them."


class ReasonNeeded(Conflict):
    default_code = "reason_needed"
    default_detail = "No seat is left in this session. To add an extra seat, say why."


class NotBegun(Conflict):
    default_code = "not_begun"
    default_detail = "Nobody is missed before the session has begun."


class NotMissed(Conflict):
    default_code = "not_missed"
    default_detail = "They are here already, or have not paid: they are not missed."


class NothingOwed(Conflict):
    default_code = "nothing_owed"
    default_detail = "No cash is owed for this booking, or it was handed back already."


class QuoteNotValid(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "invalid"
    default_detail = "This quote is not one for this booking, or its time is over: ask for a new one."
