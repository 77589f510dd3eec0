"""Who asks: found by one query, and only while everything about their session holds."""

from datetime import timedelta
from importlib import import_module

from django.apps import apps
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as FormerStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from members.models import Member, MemberSession
from tests.cast import Caller

ME = "/api/members/me/"


def status(caller: Caller) -> int:
    return int(caller.get(ME).status_code)


def test_a_session_knows_whose_it_is(as_ana: Caller, ana: Member) -> None:
    assert status(as_ana) == 200
    assert [row.member_id for row in MemberSession.objects.all()] == [ana.pk]


def test_whoever_is_not_signed_in_any_more_is_nobody(as_ana: Caller, ana: Member) -> None:
    for changed in ({"is_active": False}, {"is_active": True, "password": "another"}):
        Member.objects.filter(pk=ana.pk).update(**changed)
        assert status(as_ana) == 401


def test_an_expired_session_is_none(as_ana: Caller) -> None:
    MemberSession.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert status(as_ana) == 401


def test_the_row_says_nobody_whom_the_session_does_not_say(as_ana: Caller, ben: Member) -> None:
    """Somebody who can write the column alone has not signed anybody in."""
    MemberSession.objects.update(member=ben)
    assert as_ana.get(ME).json()["email"] != ben.email


def test_a_rotated_secret_key_signs_nobody_out(as_ana: Caller, settings: settings) -> None:  # type: ignore[valid-type]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-of-the-studio-that-nobody-knows-yet"
    assert [status(as_ana), status(as_ana)] == [200, 200]


def test_who_was_signed_in_before_sessions_had_members_stays_so(ana: Member) -> None:
    backend = settings.AUTHENTICATION_BACKENDS[0]
    for member, key in ((ana, "a" * 32), (Member(pk=ana.pk + 1000, password="gone"), "b" * 32)):
        store = FormerStore()
        told = {
            SESSION_KEY: str(member.pk),
            BACKEND_SESSION_KEY: backend,
            HASH_SESSION_KEY: member.get_session_auth_hash(),
        }
        later = timezone.now() + timedelta(days=1)
        Session.objects.create(session_key=key, session_data=store.encode(told), expire_date=later)
    import_module("members.migrations.0004_sessions_of_members").take_over(apps, None)
    caller = Caller()
    caller.headers["X-Session-Token"] = "a" * 32
    assert caller.get(ME).json()["email"] == ana.email
    assert [row.pk for row in MemberSession.objects.all()] == ["a" * 32]
    assert not Session.objects.exists()
