from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from rest_framework.request import Request

from members import session_store
from members.session_store import SessionStore


class OneQueryTokenStrategy(SessionTokenStrategy):
    """allauth's session tokens, looked up by loading them: asking first whether they exist is a query for nothing."""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        session = SessionStore(session_token)
        session.get(SESSION_KEY)
        # Loading an unknown or expired session forgets its key.
        return session if session.session_key else None


class SessionTokenAuthentication(XSessionTokenAuthentication):
    """allauth's X-Session-Token; naming a challenge makes DRF answer anonymous calls with 401 instead of 403."""

    def authenticate(self, request: HttpRequest) -> tuple | None:
        """Who asks: by one query as a rule, as allauth does it where that tells nothing."""
        token = self.get_session_token(request)
        known = session_store.signed_in(token, backends=settings.AUTHENTICATION_BACKENDS) if token else None
        return known or super().authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        return "X-Session-Token"
