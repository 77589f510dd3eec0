"""Who asks, and what they may do."""

from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from members.models import Member


class IsStaffOrReadOnly(BasePermission):
    """Anyone reads; staff write."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or bool(request.user and request.user.is_staff)


def member_of(request: Request) -> Member:
    """The member who asks; only for views that nobody else reaches."""
    assert isinstance(request.user, Member)
    return request.user


def staff_of(request: HttpRequest) -> Member:
    """Whoever of the staff sits before a page of the admin; nobody else gets there."""
    assert isinstance(request.user, Member)
    return request.user


def by(request: Request, *, owner_id: int | None = None) -> str:
    """Who acts, as a history names it: its owner, or somebody of the staff."""
    member = member_of(request)
    return "member" if member.pk == owner_id else f"staff:{member.pk}"
