"""How often one caller may ask, whatever they say of themselves; and who guesses is counted by every process."""

import json
from typing import Any

import pytest
from django.contrib.auth.hashers import BasePasswordHasher, MD5PasswordHasher
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.throttling import ScopedRateThrottle

from config import rest
from members.models import Member
from tests.cast import Caller, session
from tests.races.server import Server
from tests.security.front import Front
from tests.security.wire import PROXIED, ask

LOGIN, RESET = "/_allauth/app/v1/auth/login", "/_allauth/app/v1/auth/password/request"
GUESSES = 5  # in five minutes, at one account
GUESSES_OF_ADDRESS = 10  # a minute, from one address
PASSWORD = "ana-and-the-wall"
CALENDAR = f"/api/booking/calendar/{'k' * 43}.ics"
ELSEWHERE = (
    "X_Forwarded_For",
    "X-Forwarded-For",
    "Forwarded",
    "X-Real-IP",
    "X-Client-IP",
    "True-Client-IP",
    "Client_Ip",
)
FEW = 3  # a minute, so that a test need not ask as often as the real limits let through


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"calendar": f"{FEW}/min", "book": f"{FEW}/min"})


@pytest.fixture
def one_proxy(settings: Any) -> None:
    """As production stands: behind one proxy, which writes down whom it heard."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.REST_FRAMEWORK = rest.framework(rate_limits=True, proxies=1)


def sign_in(email: str, password: str, address: str) -> int:
    body = json.dumps({"email": email, "password": password})
    headers = {"X-Forwarded-For": address}
    status: int = Client().post(LOGIN, body, content_type="application/json", headers=headers).status_code
    return status


def last_of(path: str, addresses: list[str], **environ: str) -> int:
    caller = Client()
    answers = [caller.get(path, headers={"X-Forwarded-For": one}, **environ) for one in addresses]
    return int(answers[-1].status_code)


def test_without_a_proxy_nobody_chooses_an_address() -> None:
    assert last_of(CALENDAR, [f"198.51.100.{n}" for n in range(FEW + 1)]) == 429


def test_behind_a_proxy_only_what_it_wrote_counts(one_proxy: None) -> None:
    forged = [f"198.51.100.{n}, 203.0.113.7" for n in range(FEW + 1)]
    assert last_of(CALENDAR, forged) == 429
    assert last_of(CALENDAR, ["203.0.113.7, 203.0.113.8"]) == 404


def test_whoever_has_a_network_of_ipv6_is_one_caller(one_proxy: None) -> None:
    assert last_of(CALENDAR, [f"2001:db8:0:1:{n:x}::1" for n in range(FEW + 1)]) == 429
    assert last_of(CALENDAR, ["2001:db8:0:2::1"]) == 404
    assert last_of(CALENDAR, [f"::ffff:192.0.2.{n}" for n in range(FEW + 1)]) == 404


def test_a_member_is_one_caller_from_every_address(as_ana: Caller, as_ben: Caller) -> None:
    one = session()
    for n in range(FEW):
        as_ana.http.defaults["REMOTE_ADDR"] = f"192.0.2.{n}"
        as_ana.book(one, "nothing")
    assert as_ana.book(one, "nothing").status_code == 429
    assert as_ben.book(one, "nothing").status_code == 400


def test_an_account_is_guessed_at_from_many_addresses_no_oftener_than_from_one(one_proxy: None, ana: Member) -> None:
    """And its owner, who is signed in, goes on; comes in anew by a reset; and nobody else is kept out."""
    signed_in = Caller(ana)
    tried = [sign_in(ana.email, f"guess-{n}", f"198.51.100.{n}") for n in range(GUESSES + 3)]
    assert tried == [400] * GUESSES + [429] * 3
    assert sign_in("ANA@example.com", PASSWORD, "192.0.2.1") == 429
    assert signed_in.get("/api/members/me/").status_code == 200
    Member.objects.create_user("ben@example.com", "ben-and-the-wall")
    assert sign_in("ben@example.com", "ben-and-the-wall", "192.0.2.2") == 200


def test_one_address_tries_many_accounts_no_oftener(one_proxy: None) -> None:
    tried = [sign_in(f"{n}@example.com", "password", f"198.51.100.{n}, 203.0.113.9") for n in range(12)]
    assert tried == [400] * GUESSES_OF_ADDRESS + [429] * 2


def test_other_callers_do_not_make_the_program_forget_who_guesses(one_proxy: None, ana: Member) -> None:
    """A cache of three hundred entries, which is Django's own default, is emptied by an attacker's other guesses."""
    for n in range(GUESSES):
        sign_in(ana.email, f"guess-{n}", "198.51.100.1")
    for n in range(400):
        caches["default"].set(f"other-{n}", [1.0], 300)
    assert sign_in(ana.email, "guess", "192.0.2.1") == 429


class Counted(MD5PasswordHasher):
    """Counts how often a password was hashed."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        Counted.hashed += 1
        return super().encode(password, salt)


def test_an_address_without_an_account_costs_the_same_hash(anyone: Caller, settings: Any) -> None:
    """What takes long is the hash: the time does not tell who is a member."""
    settings.PASSWORD_HASHERS = [f"{__name__}.Counted"]
    assert issubclass(Counted, BasePasswordHasher)
    Member.objects.create_user("ana@example.com", PASSWORD)
    costs = []
    for email in ("ana@example.com", "nobody@example.com"):
        Counted.hashed = 0
        answer = anyone.post(LOGIN, {"email": email, "password": "wrong"})
        costs.append((answer.status_code, answer.json()["errors"], Counted.hashed))
    assert costs[0] == costs[1]
    assert costs[0][2] == 1


def test_signing_up_is_limited_for_who_asks_which_addresses_are_members(anyone: Caller, ana: Member) -> None:
    body = {"email": ana.email, "password": "a-long-way-to-the-top"}
    answers = [anyone.post("/_allauth/app/v1/auth/signup", body).status_code for _ in range(21)]
    assert answers == [400] * 20 + [429]


def test_counting_costs_signing_in_some_statements_and_booking_none(
    anyone: Caller, as_ben: Caller, ana: Member
) -> None:
    counted = connection.vendor == "postgresql"
    for password, at_most in (("guess", 40), (PASSWORD, 75)):
        with CaptureQueriesContext(connection) as asked:
            anyone.post(LOGIN, {"email": ana.email, "password": password})
        assert len(asked) <= at_most
        assert any("shared_cache" in one["sql"] for one in asked) is counted
    one = session(amount=0)
    with CaptureQueriesContext(connection) as asked:
        assert as_ben.book(one).status_code == 201
    assert not any("shared_cache" in row["sql"] for row in asked)


def test_processes_count_guesses_together_and_no_header_makes_a_new_caller(
    production: Server, front: Front, ana: Member
) -> None:
    """Two real processes; each connection may come to the other one."""
    guesses = [
        front.post(LOGIN, {"email": ana.email, "password": f"guess-{n}"}, client=f"198.51.100.{n}").status_code
        for n in range(GUESSES + 3)
    ]
    assert guesses == [400] * GUESSES + [429] * 3
    tried = []
    for n in range(GUESSES_OF_ADDRESS + 1):
        body = json.dumps({"email": f"{n}@example.com", "password": "guess"})
        forged = "".join(f"{name}: 192.0.2.{n}\r\n" for name in ELSEWHERE)
        lines = f"{forged}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        tried.append(ask(production.base, f"POST {LOGIN} HTTP/1.1\r\n{lines}{PROXIED}\r\n{body}".encode())[0])
    assert tried == [400] * GUESSES_OF_ADDRESS + [429]
