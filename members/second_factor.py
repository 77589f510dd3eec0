"""The second factor of staff: beside the password, a code from their phone or one of their recovery codes.

Note [Second factor]: where it is required, a session is one of staff when a code was given in it, and the authenticator
that made the code is still there. Until then whoever works here is a member like any other: the admin leads to the
page that asks for a code or sets an authenticator up, and the API refuses what is for staff, whichever way the session
came to be. Only staff set one up, and only on these pages: who signs up with somebody else's address must not lock its
owner out.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from members.models import Member

REQUIRED = "required"
APP = (Authenticator.Type.TOTP,)
PAGES = "/accounts/2fa/"


def is_missing(session: SessionBase, member: Member) -> bool:
    """Whether the studio asks for a second factor and this session of the member's has none."""
    if settings.STAFF_SECOND_FACTOR != REQUIRED:
        return False
    records = get_authentication_records(SimpleNamespace(session=session), member)
    used = [record["id"] for record in records if record["method"] == "mfa"]
    return not used or not Authenticator.objects.filter(user=member, pk__in=used).exists()


def before_the_admin(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Leads staff without a second factor to where they give it, or set it up; only then to what they asked for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(("/admin/", PAGES)) or not request.user.is_staff:
            return get_response(request)
        assert isinstance(request.user, Member)
        gate = _gate(request.user)
        passes = request.path_info in (gate, reverse("admin:logout"), reverse("mfa_authenticate"))
        if passes or not is_missing(request.session, request.user):
            return get_response(request)
        return HttpResponseRedirect(f"{gate}?{urlencode({'next': request.get_full_path()})}")

    return middleware


def _gate(member: Member) -> str:
    return reverse("mfa_reauthenticate" if is_mfa_enabled(member, APP) else "mfa_activate_totp")


class ActivateView(ActivateTOTPView):
    """Set an authenticator up; for staff alone. The code that proves it is there is the session's second factor."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.is_staff:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        post_authentication(self.request, Authenticator.objects.get(user=form.user, type__in=APP))
        return answer
