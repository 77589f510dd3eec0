"""The refusals of members: status, code, sentence."""

from rest_framework import status
from rest_framework.exceptions import APIException


class StaffAccount(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "staff_account"
    default_detail = "You work at the studio: someone must take your staff role first."


class NobodyLeft(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "nobody_left"
    default_detail = "This member was erased: there is nobody left to do this for."


class NotBlockable(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "not_blockable"
    default_detail = "They work at the studio: only a superuser lets them in or out."
