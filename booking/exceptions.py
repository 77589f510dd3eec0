"""The refusals of booking: status, code, sentence."""

from rest_framework import status
from rest_framework.exceptions import APIException


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT


class SessionFull(Conflict):
    default_code = "session_full"
    default_detail = "No seat is left in this session, and it has no waitlist."


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
