"""What is too large, too long or has no end: refused from its head by the real server, and nothing is written."""

import json
from socket import socket
from typing import Any

import pytest

from booking.models import Booking
from members.models import Member
from payments.models import StripeEvent
from tests.cast import Caller, code, session
from tests.races.server import Server
from tests.security.wire import ask, connect, head, read

JSON = "Content-Type: application/json"
GIGABYTE = "Content-Length: 1073741824"
CHUNKED = "Transfer-Encoding: chunked"
WHERE = (
    "/api/booking/sessions/1/book/",
    "/api/booking/stripe/webhook/",
    "/api/notifications/twilio/reply/",
    "/_allauth/app/v1/auth/login",
    "/accounts/login/",
    "/admin/login/",
)


@pytest.mark.parametrize("path", WHERE)
def test_a_body_larger_than_any_view_reads_is_refused_before_it_is_sent(production: Server, path: str) -> None:
    """Not one byte of it was sent: the answer cannot have waited for it, nor kept it."""
    for content in (JSON, "Content-Type: multipart/form-data; boundary=x"):
        status, body = ask(production.base, head("POST", path, content, GIGABYTE))
        assert (status, json.loads(body)["errors"][0]["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", WHERE)
def test_a_body_without_a_length_is_refused_and_not_read_to_an_end(production: Server, path: str) -> None:
    """Django takes it for an empty one, and a booking would be paid otherwise than was asked for."""
    with connect(production.base) as wire:
        wire.sendall(head("POST", path, JSON, CHUNKED))
        status, body = read(wire)
        assert (status, json.loads(body)["errors"][0]["code"]) == (411, "length_required")
        chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            _send(wire, chunk, times=1000)
    assert (Booking.objects.count(), StripeEvent.objects.count()) == (0, 0)


def _send(wire: socket, chunk: bytes, times: int) -> None:
    for _ in range(times):
        wire.sendall(chunk)


TOO_MUCH: dict[str, tuple[bytes, int]] = {
    "a long address": (head("GET", "/api/booking/sessions/?search=" + "x" * 9000), 414),
    "a long header": (head("GET", "/api/booking/sessions/", "X-Long: " + "x" * 9000), 431),
    "many headers": (head("GET", "/api/booking/sessions/", *(f"X-{n}: 1" for n in range(200))), 431),
    "two lengths": (head("POST", "/livez", "Content-Length: 5", "Content-Length: 6"), 400),
    "a length and none": (head("POST", "/livez", CHUNKED, "Content-Length: 6"), 400),
    "an unknown coding": (head("POST", "/livez", "Transfer-Encoding: gzip, x"), 501),
    "no request": (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
}


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_what_no_client_sends_is_refused_by_the_server(production: Server, kind: str) -> None:
    data, expected = TOO_MUCH[kind]
    status, body = ask(production.base, data)
    assert status == expected or (status, expected) == (400, 431), (status, body)
    assert "Traceback" not in body + production.logged()


@pytest.mark.parametrize("size", [999_000, 1_000_001, 5_000_000])
def test_one_limit_for_every_body(as_ana: Caller, size: int) -> None:
    """DRF reads a body by itself and knows no limit."""
    body = json.dumps({"name": "x" * size}).encode()
    answer = as_ana.send("PATCH", "/api/members/me/", body)
    assert (answer.status_code, code(answer)) == ((400, "max_length") if size < 1_000_000 else (413, "body_too_large"))
    assert Member.objects.get().name == "Ana"


def test_many_fields_many_parameters_and_deep_json_are_refused(as_ana: Caller, anyone: Caller, ana: Any) -> None:
    many = json.dumps({str(n): n for n in range(50_000)})
    for body in (many, "[" * 200_000, '{"a":' * 100_000):
        one = session(amount=0)
        assert as_ana.send("POST", f"/api/booking/sessions/{one.pk}/book/", body).status_code in (201, 400)
    query = "&".join(f"a{n}=1" for n in range(2000))
    assert anyone.http.get(f"/api/booking/sessions/?{query}").status_code == 400
    form = "&".join(f"a{n}=1" for n in range(2000))
    posted = anyone.http.post("/accounts/login/", form, content_type="application/x-www-form-urlencoded")
    assert posted.status_code == 400
