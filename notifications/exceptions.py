"""What sending may end in, besides success, by WhatsApp and by e-mail; and what staff cannot send again."""

from rest_framework import status
from rest_framework.exceptions import APIException


class NotSent(Exception):
    """It was surely not taken, and may be later."""


class Refused(Exception):
    """It will not be taken; the code says why."""


class OutcomeUnknown(Exception):
    """No answer that tells whether it was taken."""


class StillAtWork(OutcomeUnknown):
    """No answer in time: it may yet be taken."""


class NotAgain(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "not_again"
    default_detail = "There is no such message to this member."
