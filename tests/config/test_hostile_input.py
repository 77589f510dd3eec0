"""Every field, parameter and header of the API against values nobody sends by accident: a refusal, never a crash."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from booking.models import Booking
from members.models import Member
from tests.cast import Caller, Sandbox, give_credits, session

HOSTILE: list[Any] = [
    None, True, False, 0, -1, -0.0, 1.5, 1e309, 2**31, 2**63, 10**40, "", " ", "0", "-1", "1e5", "NaN", "null",
    "a\x00b", "\x00", "\ud800", "\u202e", "é" * 300, "x" * 10_000,
    "'; DROP TABLE members_member; --", "{{7*7}}", "%s%n",
    "../../etc/passwd", "<script>alert(1)</script>", "2027-13-45T99:99:99Z", "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+23:59", "+447700900123\r\nX: y", [], {}, [[]], [None], {"a": {"b": []}}, ["x"] * 1000,
]  # fmt: skip
LONG = "a-long-way-to-the-top"
START = "2037-03-01T18:00:00Z"
BODIES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "me": ("ana", "PATCH", "/api/members/me/", {"name": "A", "phone": "+447700900123", "whatsapp_opt_in": True}),
    "member": (
        "carla",
        "POST",
        "/api/members/",
        {"email": "x@example.com", "name": "X", "phone": "", "password": "a-long-way-to-the-top"},
    ),
    "session": (
        "carla",
        "POST",
        "/api/booking/sessions/",
        {"title": "T", "description": "", "instructor": "", "location": "", "starts_at": START,
         "ends_at": "2037-03-01T19:00:00Z", "capacity": 1, "amount": 0, "currency": "gbp", "credits_required": 0},
    ),
    "change": ("carla", "PATCH", "/api/booking/sessions/{session}/", {"title": "T", "capacity": 5, "amount": 0}),
    "book": ("ana", "POST", "/api/booking/sessions/{session}/book/", {"pay_with": "auto"}),
    "grant": (
        "carla",
        "POST",
        "/api/payments/credits/grants/",
        {"member": 1, "credits": 1, "note": "n", "expires_at": None},
    ),
    "sign up": ("anyone", "POST", "/_allauth/app/v1/auth/signup", {"email": "y@example.com", "password": LONG}),
    "sign in": ("anyone", "POST", "/_allauth/app/v1/auth/login", {"email": "y@example.com", "password": LONG}),
    "forgotten": ("anyone", "POST", "/_allauth/app/v1/auth/password/request", {"email": "y@example.com"}),
    "reset": ("anyone", "POST", "/_allauth/app/v1/auth/password/reset", {"key": "a-b", "password": "long-way-up-1"}),
}  # fmt: skip
QUERIES = {
    "/api/booking/sessions/": (
        "starts_after",
        "starts_before",
        "available",
        "instructor",
        "search",
        "cursor",
        "page_size",
    ),
    "/api/booking/bookings/": ("status", "upcoming", "cursor", "page_size"),
    "/api/members/": ("search", "cursor", "page_size"),
    "/api/payments/credits/": ("x",),
    "/api/schema/": ("version", "format", "lang"),
}


@pytest.fixture
def caller(as_ana: Caller, as_carla: Caller, anyone: Caller, settings: Any) -> Callable[[str], Caller]:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    return {"ana": as_ana, "carla": as_carla, "anyone": anyone}.__getitem__


def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    from rest_framework.throttling import ScopedRateThrottle

    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"book": None, "sync": None, "schema": None})


@pytest.mark.parametrize("name", BODIES)
def test_no_value_of_any_field_is_a_crash(
    caller: Callable[[str], Caller], ana: Member, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    unlimited(monkeypatch)
    who, method, path, good = BODIES[name]
    path = path.format(session=session(amount=0).pk)
    for field in good:
        for value in HOSTILE:
            answer = caller(who).send(method, path, json.dumps({**good, field: value}))
            assert answer.status_code < 500, (field, value, answer.content[:300])
            assert answer.json() is not None


@pytest.mark.parametrize("path", QUERIES)
def test_no_value_of_any_parameter_is_a_crash(
    caller: Callable[[str], Caller], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    unlimited(monkeypatch)
    session()
    for parameter in QUERIES[path]:
        for value in (value for value in HOSTILE if isinstance(value, str) and "\ud800" not in value):
            answer = caller("carla").get(path, **{parameter: value})
            assert answer.status_code < 500, (parameter, value, answer.content[:300])


@pytest.mark.parametrize("header", ["Idempotency-Key", "X-Session-Token", "Accept", "Content-Type", "X-Request-ID"])
def test_no_value_of_any_header_is_a_crash(
    as_ana: Caller, ana: Member, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    unlimited(monkeypatch)
    one = session(amount=0)
    for value in [
        "",
        " ",
        "x" * 5000,
        "é",
        "\xff",
        "a\tb",
        "a,b;c=d",
        "*/*",
        "text/html",
        "application/json; charset=x",
        "%00",
    ]:
        answer = as_ana.http.generic(
            "POST",
            f"/api/booking/sessions/{one.pk}/book/",
            b"{}",
            content_type="application/json" if header != "Content-Type" else value,
            headers={**as_ana.headers, **({header: value} if header != "Content-Type" else {})},
        )
        assert answer.status_code < 500, (header, value, answer.content[:300])


def test_nothing_was_booked_or_charged_by_any_of_it(as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    give_credits(ana, 1)
    one = session()
    for value in HOSTILE:
        if value not in ("", None):
            as_ana.send("POST", f"/api/booking/sessions/{one.pk}/book/", json.dumps({"pay_with": value}))
    assert (Booking.objects.count(), sandbox.intents()) == (0, [])
