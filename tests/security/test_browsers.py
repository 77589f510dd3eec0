"""What a page of somebody else can make a member's browser do: nothing."""

import json
from typing import Any

import pytest
from django.test import Client

from booking.models import Booking
from members.models import Member
from tests.cast import Caller, give_credits, session
from tests.security.front import Front

APP, BROWSER = "/_allauth/app/v1/auth", "/_allauth/browser/v1/auth"
PASSWORD = "ana-and-the-wall"
OURS, EVIL = "http://localhost:3000", "https://evil.example.com"
ELSEWHERE = (
    "https://evil.example.com/",
    "//evil.example.com/",
    "///evil.example.com/",
    "/\\evil.example.com/",
    "https:evil.example.com",
    "http:///evil.example.com",
    "https://localhost@evil.example.com/",
    "javascript:alert(1)",
    "\thttps://evil.example.com/",
    "https://evil.example.com/%2f..",
)


@pytest.mark.parametrize("there", ELSEWHERE)
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/logout/", "/admin/login/", "/accounts/signup/"])
def test_nobody_is_led_to_another_site(ana: Member, path: str, there: str) -> None:
    browser = Client()
    form = {"login": ana.email, "password": PASSWORD, "next": there}
    for answer in (browser.post(path, {**form}, query_params={"next": there}), browser.get(path, {"next": there})):
        assert answer.status_code in (200, 302)
        target = answer.get("Location", "/")
        assert "evil" not in target.split("?", 1)[0]
        assert target.startswith("/")
        assert not target.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (OURS, True),
        (EVIL, False),
        ("null", False),
        (f"{OURS}.evil.example.com", False),
        (f"{OURS}0", False),
    ],
)
@pytest.mark.parametrize("path", ["/api/booking/bookings/", f"{BROWSER}/session", "/api/booking/stripe/webhook/"])
def test_another_origin_reads_nothing_unless_it_is_named(as_ana: Caller, origin: str, allowed: bool, path: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    for answer in (as_ana.http.options(path, headers=asked), as_ana.http.get(path, headers={"Origin": origin})):
        assert answer.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert answer.get("Access-Control-Allow-Credentials") == ("true" if allowed else None)
        assert "origin" in answer["Vary"].lower()


@pytest.mark.parametrize("path", ["/admin/", "/accounts/login/", "/metrics", "/"])
def test_what_is_no_api_is_read_by_no_other_origin(anyone: Caller, path: str) -> None:
    answer = anyone.http.get(path, headers={"Origin": OURS})
    answer.close()
    assert "Access-Control-Allow-Origin" not in answer


def browser_of(ana: Member) -> tuple[Client, str]:
    browser = Client(enforce_csrf_checks=True)
    browser.get("/_allauth/browser/v1/config")
    body = json.dumps({"email": ana.email, "password": PASSWORD})
    token = browser.cookies["csrftoken"].value
    answer = browser.post(f"{BROWSER}/login", body, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code == 200
    return browser, browser.cookies["csrftoken"].value


def test_a_cookie_alone_books_nothing_whatever_the_form_says(ana: Member) -> None:
    give_credits(ana, 1)
    browser, token = browser_of(ana)
    path = f"/api/booking/sessions/{session().pk}/book/"
    for content in ("application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert browser.generic("POST", path, b"{}", content_type=content).status_code in (403, 415)
    forged = {"X-CSRFToken": "x" * 32, "Origin": EVIL, "Referer": f"{EVIL}/"}
    assert browser.generic("POST", path, b"{}", content_type="application/json", headers=forged).status_code == 403
    assert Booking.objects.count() == 0
    own = {"X-CSRFToken": token}
    assert browser.generic("POST", path, b"{}", content_type="application/json", headers=own).status_code == 201


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_header_makes_no_other_method(as_ana: Caller, header: str) -> None:
    """Nor does a field: a page that may send a GET or a form sends no DELETE."""
    headers = {**as_ana.headers, header: "DELETE"}
    for answer in (
        as_ana.http.get("/api/members/me/", {"_method": "DELETE"}, headers=headers),
        as_ana.http.post("/api/members/me/", "{}", content_type="application/json", headers=headers),
    ):
        assert answer.status_code in (200, 405)
    assert Member.objects.filter(email="ana@example.com").exists()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "FOO"])
def test_unknown_methods_are_refused(front: Front, method: str) -> None:
    """And nothing of the request comes back in the answer."""
    for path in ("/api/booking/config/", "/accounts/login/", "/", "/api/booking/stripe/webhook/"):
        answer = front.send(method, path, headers={"X-Canary": "not-to-be-repeated"})
        assert answer.status_code in (403, 404, 405), path
        assert "not-to-be-repeated" not in answer.text


def test_signing_in_begins_a_session_of_its_own(ana: Member) -> None:
    """A session that somebody else has planted stays nobody's."""
    browser = Client()
    browser.session.save()
    planted = browser.session.session_key
    browser.cookies["sessionid"] = planted
    assert browser.post("/accounts/login/", {"login": ana.email, "password": PASSWORD}).status_code == 302
    assert browser.cookies["sessionid"].value != planted
    assert Client(headers={"X-Session-Token": planted}).get("/api/members/me/").status_code == 401
    body = json.dumps({"email": ana.email, "password": PASSWORD})
    headers = {"X-Session-Token": planted}
    assert Client().post(f"{APP}/login", body, content_type="application/json", headers=headers).status_code == 410
    assert Client(headers=headers).get("/api/members/me/").status_code == 401


def test_cookies_are_for_this_host_by_tls_and_not_for_scripts(front: Front, real_hash: None, ana: Member) -> None:
    page = front.get("/accounts/login/")
    csrf = page.headers["Set-Cookie"]
    assert csrf.startswith("csrftoken=")
    assert "; Secure" in csrf
    assert "SameSite=Lax" in csrf
    token = csrf.split("=", 1)[1].split(";")[0]
    form = {"login": ana.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    headers = {"Cookie": f"csrftoken={token}", "Referer": "https://studio.example.com/accounts/login/"}
    answer = front.send("POST", "/accounts/login/", data=form, headers=headers)
    assert answer.status_code == 302
    [session_cookie] = [one for one in answer.raw.headers.getlist("Set-Cookie") if one.startswith("__Host-sessionid=")]
    for flag in ("; HttpOnly", "; Secure", "; Path=/", "SameSite=Lax"):
        assert flag in session_cookie
    assert "Domain" not in session_cookie


def test_links_in_mails_are_not_for_whoever_asked_to_choose(anyone: Caller, ana: Member, mailoutbox: list[Any]) -> None:
    for header in ("X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-URL"):
        headers = {header: "evil.example.com"}
        body = json.dumps({"email": ana.email})
        Client().post(f"{APP}/password/request", body, content_type="application/json", headers=headers)
    assert mailoutbox
    assert not [mail for mail in mailoutbox if "evil" in mail.body]
