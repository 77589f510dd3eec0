"""The answers that one operation gives in its own way, and how each is asked for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from booking.models import ClassSession
from tests.cast import Caller, session
from tests.openapi.house import House
from tests.payments.counter import buy, pack

BOOKINGS, PURCHASES = "/api/booking/bookings/{reference}/", "/api/payments/purchases/{reference}/"
SESSION, PACK = "/api/booking/sessions/{id}/", "/api/payments/packs/{id}/"
GRANTS, ME = "/api/payments/credits/grants/", "/api/members/me/"
REFUSED_BY_STRIPE = {"status": 400, "path": "/v1/payment_intents$"}
PACK_FIELDS = {"name": "Ten", "credits": 10, "amount": 9000, "valid_days": 90}


def unchanged(house: House, caller: Caller, path: str) -> Any:
    etag = caller.get(path)["ETag"]
    return caller.http.get(path, headers={**caller.headers, "If-None-Match": etag})


def twice(send: Callable[[], Any]) -> Any:
    send()
    return send()


def reused_for_booking(house: House) -> Any:
    house.as_ana.book(session(amount=0), key="once")
    return house.as_ana.book(session(amount=0), key="once")


def reused_for_a_pack(house: House) -> Any:
    buy(house.as_ana, house.pack, key="once")
    return buy(house.as_ana, pack(name="Ten"), key="once")


def refused_by_stripe(house: House, send: Callable[[], Any]) -> Any:
    house.sandbox.fault("status_before", times=4, **REFUSED_BY_STRIPE)
    return send()


def full() -> ClassSession:
    return session(capacity=1, seats_taken=1)


def wait(house: House, one: ClassSession) -> Any:
    return house.as_ana.post(f"/api/booking/sessions/{one.pk}/waitlist/")


def grant(house: House, credits: int = 2) -> Any:
    body = {"member": house.ana.pk, "credits": credits, "note": "Sorry"}
    return house.as_carla.post(GRANTS, body, Idempotency_Key="once")


def granted_otherwise(house: House) -> Any:
    grant(house)
    return grant(house, credits=3)


def schedule(house: House) -> Any:
    starts_at = timezone.now() + timedelta(days=3)
    ends_at = starts_at + timedelta(hours=1)
    body = {"title": "Spin", "capacity": 8, "amount": 1000, "starts_at": f"{starts_at:%FT%TZ}"}
    return house.as_carla.post("/api/booking/sessions/", {**body, "ends_at": f"{ends_at:%FT%TZ}"})


def cancel(house: House) -> Any:
    return house.as_ana.post(f"/api/booking/bookings/{house.booking}/cancel/")


def call_off(house: House, one: ClassSession) -> Any:
    return house.as_carla.post(f"/api/booking/sessions/{one.pk}/cancel/")


def quote_of_the_cancelled(house: House) -> Any:
    cancel(house)
    return house.as_ana.get(f"/api/booking/bookings/{house.booking}/cancellation/")


def refund(house: House) -> Any:
    return house.as_carla.post(PURCHASES.format(reference=house.purchase) + "refund/")


ACTS: dict[tuple[str, str, str], Callable[[House], Any]] = {
    ("GET", BOOKINGS + "calendar.ics", "304"): lambda h: unchanged(
        h, h.as_ana, f"/api/booking/bookings/{h.booking}/calendar.ics"
    ),
    ("GET", "/api/booking/calendar/{token}.ics", "304"): lambda h: unchanged(
        h, Caller(), f"/api/booking/calendar/{h.token}.ics"
    ),
    ("GET", BOOKINGS + "cancellation/", "409"): quote_of_the_cancelled,
    ("POST", BOOKINGS + "cancel/", "200"): cancel,
    ("POST", BOOKINGS + "cancel/", "409"): lambda h: twice(lambda: cancel(h)),
    ("POST", BOOKINGS + "sync/", "200"): lambda h: h.as_ana.post(f"/api/booking/bookings/{h.booking}/sync/"),
    ("POST", BOOKINGS + "check-in/", "200"): lambda h: h.as_carla.post(f"/api/booking/bookings/{h.booking}/check-in/"),
    ("POST", BOOKINGS + "check-in/", "409"): lambda h: (
        cancel(h) and h.as_carla.post(f"/api/booking/bookings/{h.booking}/check-in/")
    ),
    ("DELETE", BOOKINGS + "check-in/", "200"): lambda h: h.as_carla.send(
        "DELETE", f"/api/booking/bookings/{h.booking}/check-in/"
    ),
    ("POST", "/api/booking/calendar/", "201"): lambda h: h.as_ana.post("/api/booking/calendar/"),
    ("DELETE", "/api/booking/calendar/", "204"): lambda h: h.as_ana.send("DELETE", "/api/booking/calendar/"),
    ("POST", "/api/booking/sessions/", "201"): schedule,
    ("POST", SESSION + "cancel/", "200"): lambda h: call_off(h, h.session),
    ("POST", SESSION + "cancel/", "409"): lambda h: call_off(h, session(starts_at=timezone.now())),
    ("PATCH", SESSION, "200"): lambda h: h.as_carla.patch(SESSION.format(id=h.session.pk), {"capacity": 9}),
    ("POST", SESSION + "book/", "201"): lambda h: h.as_ana.book(session(), "card"),
    ("POST", SESSION + "book/", "200"): lambda h: (one := session()) and twice(lambda: h.as_ana.book(one, "card")),
    ("POST", SESSION + "book/", "409"): lambda h: h.as_ana.book(h.session),
    ("POST", SESSION + "book/", "422"): reused_for_booking,
    ("POST", SESSION + "book/", "502"): lambda h: refused_by_stripe(h, lambda: h.as_ana.book(session(), "card")),
    ("POST", SESSION + "waitlist/", "201"): lambda h: wait(h, full()),
    ("POST", SESSION + "waitlist/", "409"): lambda h: wait(h, h.session),
    ("DELETE", SESSION + "waitlist/", "204"): lambda h: h.as_ana.send(
        "DELETE", f"/api/booking/sessions/{h.session.pk}/waitlist/"
    ),
    ("POST", "/api/members/", "201"): lambda h: h.as_carla.post(
        "/api/members/", {"email": "dan@example.com", "name": "Dan"}
    ),
    ("PATCH", ME, "200"): lambda h: h.as_ana.patch(ME, {"name": "Ana B."}),
    ("DELETE", ME, "204"): lambda h: h.as_ana.send("DELETE", ME),
    ("DELETE", ME, "409"): lambda h: h.as_carla.send("DELETE", ME),
    ("POST", GRANTS, "201"): grant,
    ("POST", GRANTS, "200"): lambda h: twice(lambda: grant(h)),
    ("POST", GRANTS, "422"): granted_otherwise,
    ("POST", "/api/payments/packs/", "201"): lambda h: h.as_carla.post("/api/payments/packs/", PACK_FIELDS),
    ("PATCH", PACK, "200"): lambda h: h.as_carla.patch(PACK.format(id=h.pack.pk), {"active": False}),
    ("POST", PACK + "buy/", "201"): lambda h: buy(h.as_ana, pack(name="Ten")),
    ("POST", PACK + "buy/", "200"): lambda h: (ten := pack(name="Ten")) and twice(lambda: buy(h.as_ana, ten)),
    ("POST", PACK + "buy/", "422"): reused_for_a_pack,
    ("POST", PACK + "buy/", "502"): lambda h: refused_by_stripe(h, lambda: buy(h.as_ana, h.pack)),
    ("POST", PURCHASES + "sync/", "200"): lambda h: h.as_ana.post(PURCHASES.format(reference=h.purchase) + "sync/"),
    ("POST", PURCHASES + "refund/", "200"): refund,
    ("POST", PURCHASES + "refund/", "409"): lambda h: twice(lambda: refund(h)),
}
