from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from rest_framework.request import Request

from members import session_store
from members.models import Member
from members.session_store import SessionStore


class OneQueryTokenStrategy(SessionTokenStrategy):
    """allauth's session tokens, looked up by loading them: asking first whether they exist is a query for nothing."""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        session = SessionStore(session_token)
        session.get(SESSION_KEY)
        # Loading an unknown or expired session forgets its key.
        if not session.session_key or (settings.SECRET_KEY_FALLBACKS and not _signed_anew(session)):
            return None
        return session


def _signed_anew(session: SessionStore) -> bool:
    """Sign a session of an earlier secret key with the present one; False when it has ended meanwhile.

    Django does so too, but gives the session a new key with it, of which an app that holds the old one is never told.
    """
    member = Member.objects.filter(pk=session.get(SESSION_KEY) or 0).first()
    signed = session.get(HASH_SESSION_KEY, "")
    if member and any(constant_time_compare(signed, earlier) for earlier in member.get_session_auth_fallback_hash()):
        session[HASH_SESSION_KEY] = member.get_session_auth_hash()
        try:
            session.save()
        except UpdateError:
            return False
    return True


class SessionTokenAuthentication(XSessionTokenAuthentication):
    """allauth's X-Session-Token; naming a challenge makes DRF answer anonymous calls with 401 instead of 403."""

    def authenticate(self, request: HttpRequest) -> tuple | None:
        """Who asks: by one query as a rule, as allauth does it where that tells nothing."""
        token = self.get_session_token(request)
        known = session_store.signed_in(token) if token else None
        return known or super().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return "X-Session-Token"
