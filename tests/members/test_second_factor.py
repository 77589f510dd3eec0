"""Where the studio asks for it, whoever works there gives a code from their phone beside the password."""

import base64
import hmac
import re
import struct
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client

from booking.roles import FRONT_DESK, MANAGER, OWNER
from members.models import Member, StaffAct
from tests.cast import Caller, code, hired, session

APP = "/_allauth/app/v1"
GATE, ACTIVATE = "/accounts/2fa/reauthenticate/", "/accounts/2fa/totp/activate/"
PASSWORD = "works-at-the-studio"


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "required"


def totp(secret: str, later: int = 0) -> str:
    """What a phone shows (RFC 6238); it may be used once, so that another one is the code of half a minute later."""
    counter = struct.pack(">Q", int(time.time()) // 30 + later)
    digest = hmac.new(base64.b32decode(secret), counter, "sha1").digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 10**6:06}"


SECRET = base64.b32encode(b"twenty bytes of luck").decode()


def with_a_phone(member: Member) -> Member:
    """They have set an authenticator up, and got their recovery codes."""
    TOTP.activate(member, SECRET)
    RecoveryCodes.activate(member)
    return member


def signs_in(member: Member, then: str = "/admin/") -> tuple[Client, str]:
    """With the password; where that leads."""
    browser = Client()
    form = {"login": member.email, "password": PASSWORD, "next": then}
    answer = browser.post("/accounts/login/", form)
    assert answer.status_code == 302, answer.content
    return browser, answer["Location"]


def is_clean(answer: Any) -> bool:
    """Whether the policy of the page forbids what is inline, and the page has nothing of it."""
    text = answer.content.decode()
    inline = re.search(r"<style|style=|\son\w+=|<script(?![^>]*(src=|application/json))", text)
    return "unsafe" not in answer["Content-Security-Policy"] and not inline


def test_who_has_none_is_led_to_set_it_up_and_is_in_with_its_first_code() -> None:
    browser, where = signs_in(hired(MANAGER))
    assert where == "/admin/"
    at_the_gate = browser.get("/admin/booking/booking/?q=x")
    assert at_the_gate["Location"] == f"{ACTIVATE}?next=%2Fadmin%2Fbooking%2Fbooking%2F%3Fq%3Dx"
    confirm = browser.get(at_the_gate["Location"])["Location"]
    assert confirm.startswith("/accounts/reauthenticate/")
    assert is_clean(browser.get(confirm))
    assert browser.post(confirm, {"password": PASSWORD}).status_code == 302
    page = browser.get(ACTIVATE)
    shown = page.content.decode()
    assert is_clean(page)
    assert 'src="data:image/svg+xml;base64,' in shown
    secret = re.search(r'value="([A-Z2-7]{32})"', shown)
    assert secret
    assert browser.post(ACTIVATE, {"code": "000000"}).status_code == 200
    assert browser.get("/admin/").status_code == 302
    done = browser.post(ACTIVATE, {"code": totp(secret[1])})
    assert done["Location"] == "/accounts/2fa/recovery-codes/"
    codes = browser.get(done["Location"])
    assert is_clean(codes)
    assert re.search(r"\d{8}\n\d{8}", codes.content.decode())
    assert browser.get("/admin/").status_code == 200


def test_who_has_one_is_asked_for_a_code_after_the_password() -> None:
    browser, where = signs_in(with_a_phone(hired(OWNER)))
    assert where.startswith("/accounts/2fa/authenticate/")
    assert is_clean(browser.get(where))
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")
    assert browser.post(where, {"code": "000000"}).status_code == 200
    assert browser.get("/admin/").status_code == 302
    assert browser.post(where, {"code": totp(SECRET)})["Location"] == "/admin/"
    assert browser.get("/admin/").status_code == 200


def test_a_code_is_good_for_once() -> None:
    owner = with_a_phone(hired(OWNER))
    spare = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()[0]
    for right in (totp(SECRET), spare):
        browser, where = signs_in(owner)
        assert browser.post(where, {"code": right}).status_code == 302
        assert browser.get("/admin/").status_code == 200
        browser, where = signs_in(owner)
        assert browser.post(where, {"code": right}).status_code == 200
        assert browser.get("/admin/").status_code == 302


def test_a_session_from_before_is_asked_for_the_code_and_takes_no_phone_away() -> None:
    owner = with_a_phone(hired(OWNER))
    browser = Client()
    browser.force_login(owner)
    for path in ("/admin/", "/accounts/2fa/", "/accounts/2fa/totp/deactivate/", "/accounts/2fa/recovery-codes/"):
        for answer in (browser.get(path), browser.post(path)):
            assert answer.status_code == 302, path
            assert answer["Location"].startswith(GATE), path
    assert Authenticator.objects.count() == 2
    gate = browser.get("/admin/")["Location"]
    assert is_clean(browser.get(gate))
    assert browser.post(gate, {"code": totp(SECRET), "next": "/admin/"})["Location"] == "/admin/"
    assert browser.get("/admin/").status_code == 200


def test_members_are_not_bothered_and_set_none_up(ana: Member, as_ana: Caller) -> None:
    browser = Client()
    form = {"login": ana.email, "password": "ana-and-the-wall"}
    assert browser.post("/accounts/login/", form)["Location"] == "/"
    assert browser.get(ACTIVATE).status_code == 404
    for client in ("app", "browser"):
        for path in ("authenticators", "authenticators/totp", "authenticators/recovery-codes"):
            assert as_ana.get(f"/_allauth/{client}/v1/account/{path}").status_code == 404
    assert as_ana.get("/api/booking/bookings/").status_code == 200


def for_staff(yoga: Any, reference: str) -> list[tuple[str, str]]:
    return [
        ("GET", f"/api/booking/sessions/{yoga.pk}/roster/"),
        ("POST", f"/api/booking/bookings/{reference}/check-in/"),
        ("POST", "/api/booking/sessions/"),
        ("GET", "/api/members/"),
        ("POST", "/api/members/"),
        ("POST", "/api/payments/packs/"),
        ("POST", "/api/payments/credits/grants/"),
    ]


def token(answer: Any) -> Caller:
    caller = Caller()
    caller.headers["X-Session-Token"] = answer.json()["meta"]["session_token"]
    return caller


def test_a_token_without_a_second_factor_is_a_members(anyone: Caller, as_ana: Caller) -> None:
    yoga = session(amount=0)
    booked = as_ana.book(yoga).json()["reference"]
    owner = hired(OWNER)
    answer = anyone.post(f"{APP}/auth/login", {"email": owner.email, "password": PASSWORD})
    caller = token(answer)
    for method, path in for_staff(yoga, booked):
        refused = caller.send(method, path)
        assert (refused.status_code, code(refused)) == (403, "permission_denied"), path
    assert caller.get(f"/api/booking/bookings/{booked}/").status_code == 404
    assert caller.get("/api/booking/bookings/").json()["results"] == []
    assert caller.get("/api/members/me/").status_code == 200


def test_with_a_phone_there_is_no_token_before_the_code(anyone: Caller) -> None:
    desk = with_a_phone(hired(FRONT_DESK))
    answer = anyone.post(f"{APP}/auth/login", {"email": desk.email, "password": PASSWORD})
    assert answer.status_code == 401
    assert [flow["id"] for flow in answer.json()["data"]["flows"] if flow.get("is_pending")] == ["mfa_authenticate"]
    half = token(answer)
    assert half.get("/api/members/").status_code == 401
    assert half.post(f"{APP}/auth/2fa/authenticate", {"code": "000000"}).status_code == 400
    whole = half.post(f"{APP}/auth/2fa/authenticate", {"code": totp(SECRET)})
    assert whole.status_code == 200
    assert token(whole).get("/api/members/").status_code == 200


def test_a_cookie_of_the_headless_client_is_no_way_into_the_admin(anyone: Caller) -> None:
    owner = hired(OWNER)
    browser = Client()
    body = {"email": owner.email, "password": PASSWORD}
    answer = browser.post("/_allauth/browser/v1/auth/login", body, content_type="application/json")
    assert answer.status_code == 200
    assert browser.get("/admin/")["Location"].startswith(ACTIVATE)
    assert browser.get("/api/members/").status_code == 403


def test_an_owner_takes_a_lost_phone_away() -> None:
    lost, owner = with_a_phone(hired(FRONT_DESK)), with_a_phone(hired(OWNER))
    thief, where = signs_in(lost)
    assert thief.post(where, {"code": totp(SECRET)}).status_code == 302
    assert thief.get("/admin/").status_code == 200
    browser, where = signs_in(owner)
    browser.post(where, {"code": totp(SECRET, later=1)})
    phone = Authenticator.objects.get(user=lost, type="totp")
    page = f"/admin/mfa/authenticator/{phone.pk}"
    assert SECRET not in browser.get(f"{page}/change/").content.decode()
    assert browser.post(f"{page}/change/", {"user": owner.pk}).status_code == 403
    assert browser.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert not Authenticator.objects.filter(user=lost).exists()
    assert StaffAct.objects.filter(act="delete_second_factor", actor=owner).count() == 2
    assert SECRET not in repr(list(StaffAct.objects.values()))
    assert thief.get("/admin/")["Location"].startswith(ACTIVATE), "what it gave counts no more"


def test_a_manager_takes_nobodys_phone_away() -> None:
    manager, owner = with_a_phone(hired(MANAGER)), with_a_phone(hired(OWNER))
    browser, where = signs_in(manager)
    browser.post(where, {"code": totp(SECRET)})
    phone = Authenticator.objects.get(user=owner, type="totp")
    assert browser.post(f"/admin/mfa/authenticator/{phone.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_studio_that_asks_for_none_lets_staff_in_with_the_password(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "off"
    browser, where = signs_in(hired(MANAGER))
    assert (where, browser.get(where).status_code) == ("/admin/", 200)
