"""The refusals of members: status, code, sentence."""

from rest_framework import status
from rest_framework.exceptions import APIException


class StaffAccount(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "staff_account"
    default_detail = "You work at the studio: someone must take your staff role first."
