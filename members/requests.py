"""Who asks, and what they may do.

Note [Staff]: `is_staff` members in no group may everything that staff may; whoever is in a group has a role, and may
what the role says. The table of roles is `booking/roles.py`.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from members import second_factor
from members.models import Member


@dataclass(frozen=True)
class Asks:
    """What one method of a view asks of who calls it: a permission; of one's own rows another, or "" for none."""

    permission: str
    of_own: str | None = None


ANYONE = Asks("")


class RolesMay(BasePermission):
    """What the view's `asks` say of each method. A method it does not name is for staff.

    Where rows of one's own are asked less, the view says which are (`is_own`), and calls `check_object_permissions`.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        asked = _asked(request, view)
        if asked is ANYONE:
            return True
        if asked is None:
            return works_here(request)
        wanted = [asked.permission, *([asked.of_own] if asked.of_own else [])]
        of_own_alone = asked.of_own == "" and bool(request.user and request.user.is_authenticated)
        return of_own_alone or any(may(request, permission) for permission in wanted)

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        asked = _asked(request, view)
        if asked is None or asked.of_own is None or may(request, asked.permission):
            return True
        is_own = view.is_own(obj)  # type: ignore[attr-defined]
        return is_own and (asked.of_own == "" or may(request, asked.of_own))


def _asked(request: Request, view: APIView) -> Asks | None:
    asks: dict[str, Asks] = view.asks  # type: ignore[attr-defined]
    return asks.get("GET" if request.method in ("HEAD", "OPTIONS") else str(request.method))


def may(request: Request, permission: str) -> bool:
    """Whether who asks works here and may do this; see the note [Staff]."""
    return works_here(request) and (not member_of(request).has_a_role or request.user.has_perm(permission))


def works_here(request: Request) -> bool:
    """Whether who asks is of the staff, and has given the second factor where the studio asks for one."""
    if not (request.user and request.user.is_staff):
        return False
    known = vars(request)
    if "second_factor_is_missing" not in known:
        session = request.auth if isinstance(request.auth, SessionBase) else request.session
        known["second_factor_is_missing"] = second_factor.is_missing(session, member_of(request))
    return not known["second_factor_is_missing"]


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
