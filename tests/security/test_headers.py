"""What every kind of page says to a browser, from the real server under the settings of production."""

from dataclasses import dataclass

import pytest

from members.models import Member
from tests.cast import Caller, session
from tests.security.front import Front, cookie_of

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
NEVER = ("Server-Timing", "X-Powered-By", "X-AspNet-Version")


@dataclass(frozen=True)
class Page:
    """One kind: what is asked, as whom (nobody, Ana or the boss), and what is answered."""

    path: str
    status: int = 200
    who: str = ""
    method: str = "GET"
    file: bool = False  # served as it is, and kept by browsers
    style: bool = False  # inline style is let in


PAGES = {
    "api": Page("/api/booking/sessions/"),
    "api, personal": Page("/api/members/me/", who="ana"),
    "api, a list of one's own": Page("/api/booking/bookings/", who="ana"),
    "api, refused": Page("/api/members/me/", 401),
    "api, not found": Page("/api/nothing/", 404),
    "api, not allowed": Page("/api/booking/config/", 405, method="DELETE"),
    "api, malformed": Page("/api/booking/bookings/?cursor=x", 404, who="ana"),
    "webhook": Page("/api/booking/stripe/webhook/", 400, method="POST"),
    "webhook of the phone": Page("/api/notifications/twilio/reply/", 403, method="POST"),
    "docs": Page("/api/docs/", style=True),
    "schema": Page("/api/schema/"),
    "frontend": Page("/", file=True),
    "frontend, script": Page("/app.js", file=True),
    "static": Page("/static/admin/css/base.css", file=True),
    "static, a page of a library": Page(
        "/static/drf_spectacular_sidecar/swagger-ui-dist/oauth2-redirect.html", file=True
    ),
    "signing in, headless": Page("/_allauth/browser/v1/config"),
    "session, headless": Page("/_allauth/browser/v1/auth/session", 401),
    "signing in": Page("/accounts/login/"),
    "a page not found": Page("/nothing/", 404),
    "admin": Page("/admin/", who="boss"),
    "admin, nobody": Page("/admin/", 302),
    "desk": Page("/admin/desk/", who="boss"),
    "reports": Page("/admin/reports/", who="boss"),
    "people": Page("/admin/members/member/", who="boss"),
    "staff acts": Page("/admin/members/staffact/", who="boss"),
    "first steps": Page("/admin/checklist/", who="boss"),
    "livez": Page("/livez"),
    "metrics": Page("/metrics"),
}


@pytest.mark.parametrize("kind", PAGES)
def test_every_kind_of_page_has_its_headers(front: Front, ana: Member, boss: Member, kind: str) -> None:
    page = PAGES[kind]
    session()
    who = {"ana": ana, "boss": boss}.get(page.who)
    headers = (cookie_of(who) if page.path.startswith("/admin") else Caller(who).headers) if who else {}
    answer = front.send(page.method, page.path, headers=headers)
    assert answer.status_code == page.status, answer.text[:300]
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert not [name for name in NEVER if name in answer.headers]
    assert ("no-store" in answer.headers["Cache-Control"]) is not page.file
    policy = answer.headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    scripts = directives.get("script-src", directives["default-src"])
    assert "unsafe" not in scripts
    assert "*" not in scripts.replace("https://*.js.stripe.com", "")
    assert ("unsafe-inline" in policy) is page.style or "script-src 'none'" in policy
    for name in ("frame-ancestors", "base-uri"):
        assert directives[name] == "'none'"
    assert page.file or answer.headers["X-Frame-Options"] == "DENY"


def test_a_page_that_crashed_tells_nothing_and_has_its_headers(front: Front) -> None:
    """A host that is none is refused before any page."""
    answer = front.get("/accounts/login/", headers={"Host": "evil.example.com"})
    assert (answer.status_code, "evil" in answer.text) == (400, False)
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE


def test_what_comes_without_tls_is_led_to_it_and_not_to_where_a_stranger_says(front: Front) -> None:
    plain = front.get("/accounts/login/?next=/x", headers={"X-Forwarded-Proto": "http"})
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://studio.example.com/accounts/login/?next=/x")
    forged = front.get("/accounts/login/", headers={"X-Forwarded-Proto": "http", "Host": "evil.example.com"})
    assert (forged.status_code, "Location" in forged.headers) == (400, False)
