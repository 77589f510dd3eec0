"""The envelope, the headers, health, the documents and the admin."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from booking.models import ClassSession
from members.models import Member
from payments.models import CreditEntry, CreditLot
from tests.cast import Caller, Sandbox, code, intent_of, session

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "/api/nothing/", 404, "not_found"),
        ("GET", "/api/booking/sessions", 404, "not_found"),
        ("POST", "/api/booking/sessions/1/book", 404, "not_found"),
        ("GET", "/api/booking/sessions/x/", 404, "not_found"),
        ("DELETE", "/api/booking/config/", 405, "method_not_allowed"),
        ("GET", "/api/booking/bookings/", 401, "not_authenticated"),
        ("GET", "/api/booking/bookings/%00%00/", 404, "not_found"),
    ],
)
def test_every_refusal_has_the_one_shape(
    anyone: Caller, settings: Any, debug: bool, method: str, path: str, status: int, name: str
) -> None:
    settings.DEBUG = debug
    answer = anyone.send(method, path)
    assert (answer.status_code, code(answer)) == (status, name)


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_wrong_path_is_not_found_without_any_csrf_token(method: str) -> None:
    for path in ("/api/booking/sessions", "/api/nothing/", "/api/booking/stripe/webhook"):
        answer = Client(enforce_csrf_checks=True).generic(method, path, "{}", content_type="application/json")
        assert (answer.status_code, code(answer)) == (404, "not_found")


def test_a_form_is_not_json(as_ana: Caller) -> None:
    answer = Client().post("/api/booking/sessions/1/book/", {"pay_with": "card"}, headers=as_ana.headers)
    assert (answer.status_code, code(answer)) == (415, "unsupported_media_type")


def test_a_request_id_comes_back_or_is_made(anyone: Caller) -> None:
    mine = "0f8fad5bd9cb469fa16570867728950e"
    assert anyone.http.get("/livez", headers={"X-Request-ID": mine})["X-Request-ID"] == mine
    for forged in ("", "x\ny", "x" * 500):
        made = anyone.http.get("/api/booking/config/", headers={"X-Request-ID": forged})["X-Request-ID"]
        assert made
        assert made != forged


def test_health_is_told(anyone: Caller) -> None:
    assert anyone.get("/livez").json() == {"status": "ok"}
    assert (anyone.get("/readyz").status_code, anyone.get("/readyz").json()) == (200, {"status": "ok"})


def test_the_openapi_file_in_the_repository_is_the_one_the_program_serves(tmp_path: Path) -> None:
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(made))
    assert made.read_text() == (ROOT / "docs" / "openapi.yaml").read_text(), "run: make openapi"


def test_the_docs_page_needs_nothing_from_elsewhere(anyone: Caller) -> None:
    page = anyone.get("/api/docs/")
    assert page.status_code == 200
    assert b"https://" not in page.content.replace(b"https://www.w3.org", b"")
    assert "default-src 'self'" in page["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in page["Content-Security-Policy"]
    assert "unsafe" not in anyone.get("/accounts/login/")["Content-Security-Policy"]
    for version in ("", "\x00", "1.0"):
        assert b"openapi: 3.1" in anyone.get("/api/schema/", version=version).content
    assert "/api/booking/waitlist/" in anyone.get("/api/schema/", format="json").json()["paths"]


def test_the_seed_fills_a_studio_and_is_repeatable(settings: Any, capsys: Any) -> None:
    settings.DEBUG = True
    for _ in range(2):
        call_command("seed_demo")
    assert (Member.objects.count(), CreditLot.objects.count()) == (7, 1)
    [isla] = Member.objects.filter(groups__name="Instructor")
    assert (isla.is_staff, isla.is_superuser, isla.teaches_as) == (True, False, "Isla")
    assert ClassSession.objects.count() == 22


def test_the_seed_refuses_where_debug_is_off(settings: Any) -> None:
    from django.core.management.base import CommandError

    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("seed_demo")
    assert Member.objects.count() == 0


@pytest.fixture
def desk(carla: Member) -> Client:
    Member.objects.update(is_superuser=True)
    browser = Client()
    browser.force_login(Member.objects.get(pk=carla.pk))
    return browser


def test_every_admin_page_opens(desk: Client, as_ana: Caller, ana: Member, sandbox: Sandbox) -> None:
    as_ana.book(session())
    for path in ("booking/classsession", "booking/booking", "payments/payment", "payments/refund",
                 "payments/stripeevent", "payments/creditlot", "payments/creditentry", "payments/creditspend",
                 "notifications/message", "members/member"):  # fmt: skip
        assert desk.get(f"/admin/{path}/", follow=True).status_code == 200, path
    from booking.models import Booking

    page = desk.get(f"/admin/booking/booking/{Booking.objects.get().pk}/change/")
    assert page.status_code == 200
    assert b"client_secret" not in page.content


def test_staff_grant_credits_in_the_admin_through_the_ledger(desk: Client, ana: Member) -> None:
    path = "/admin/payments/creditlot/add/"
    key = re.search(r'name="idempotency_key" value="([0-9a-f-]{36})"', desk.get(path).content.decode())
    assert key
    form = {
        "member": ana.pk,
        "granted": "4",
        "note": "hi",
        "expires_at_0": "",
        "expires_at_1": "",
        "idempotency_key": key[1],
    }
    for _ in range(2):  # a double click
        assert desk.post(path, form).status_code == 302
    assert (CreditLot.objects.get().remaining, CreditEntry.objects.get().credits) == (4, 4)
    for wrong in ({"granted": "0"}, {"granted": "2000000000"}, {"expires_at_0": "2001-01-01", "expires_at_1": "00:00"}):
        assert desk.post(path, {**form, "idempotency_key": "other", **wrong}).status_code == 200
    assert CreditLot.objects.count() == 1


def test_staff_change_a_session_in_the_admin_in_studio_time(desk: Client) -> None:
    form = {
        "title": "Spin", "capacity": "2", "amount": "1000", "currency": "gbp", "credits_required": "1",
        "starts_at_0": "2027-07-01", "starts_at_1": "18:00", "ends_at_0": "2027-07-01", "ends_at_1": "19:00",
    }  # fmt: skip
    assert desk.post("/admin/booking/classsession/add/", form).status_code == 302
    one = ClassSession.objects.get()
    assert one.starts_at.isoformat() == "2027-07-01T17:00:00+00:00"
    ClassSession.objects.update(seats_taken=2)
    path = f"/admin/booking/classsession/{one.pk}/change/"
    assert desk.post(path, {**form, "title": "Hills"}).status_code == 302
    assert desk.post(path, {**form, "capacity": "1"}).status_code == 200
    for wrong in ({"amount": "7"}, {"amount": "2000000000"}, {"capacity": "200000000"}, {"starts_at_0": "0001-01-02"}):
        assert desk.post(path, {**form, **wrong}).status_code == 200
    one.refresh_from_db()
    assert (one.title, one.seats_taken, one.capacity, one.amount) == ("Hills", 2, 2, 1000)


@pytest.mark.parametrize(
    "model", ["payments/payment", "payments/stripeevent", "payments/creditentry", "booking/booking"]
)
def test_the_books_cannot_be_edited_in_the_admin(desk: Client, model: str) -> None:
    assert desk.get(f"/admin/{model}/add/").status_code == 403


def test_the_admin_login_is_the_limited_one(anyone: Caller) -> None:
    assert anyone.get("/admin/login/")["Location"].startswith("/accounts/login/")
    assert anyone.get("/accounts/login/").status_code == 200


def test_no_secret_is_logged(as_ana: Caller, sandbox: Sandbox, caplog: Any, settings: Any) -> None:
    held = as_ana.book(session())
    sandbox.fault("status_before", "/v1/payment_intents/pi_", method="GET", status=500, times=2)
    as_ana.book(session())
    as_ana.book(session())
    sandbox.pays(intent_of(held), "pm_card_chargeDeclined")
    as_ana.post(f"/api/booking/bookings/{held.json()['reference']}/sync/")
    for secret in (held.json()["stripe_client_secret"], settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS[0]):
        assert secret not in caplog.text
