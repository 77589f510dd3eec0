"""Signing up and in, one's own data, and what staff do with members."""

import json
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from members.models import Member
from members.serializers import MemberSerializer
from tests.cast import Caller, code

APP, BROWSER = "/_allauth/app/v1/auth", "/_allauth/browser/v1/auth"
PASSWORD = "a-long-way-to-the-top"


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    return client.generic(method, path, json.dumps(body or {}), content_type="application/json", headers=headers)


def test_a_new_member_signs_up_and_can_act_at_once(anyone: Caller) -> None:
    answer = anyone.post(f"{APP}/signup", {"email": "New@Example.com", "password": PASSWORD})
    assert answer.status_code == 200
    me = Caller()
    me.headers["X-Session-Token"] = answer.json()["meta"]["session_token"]
    body = me.get("/api/members/me/").json()
    assert set(body) == {"id", "email", "name", "phone", "whatsapp_opt_in", "is_staff"}
    assert (body["email"], body["is_staff"]) == ("new@example.com", False)


def test_signing_in_and_out_with_a_token(anyone: Caller, ana: Member) -> None:
    wrong = anyone.post(f"{APP}/login", {"email": ana.email, "password": "wrong"})
    assert wrong.status_code == 400
    answer = anyone.post(f"{APP}/login", {"email": "ANA@example.com", "password": "ana-and-the-wall"})
    assert answer.status_code == 200
    token = {"X-Session-Token": answer.json()["meta"]["session_token"]}
    client = Client()
    assert client.get("/api/members/me/", headers=token).status_code == 200
    send(client, "DELETE", f"{APP}/session", **token)
    dead = client.get("/api/members/me/", headers=token)
    assert (dead.status_code, code(dead)) == (401, "not_authenticated")


def test_a_browser_signs_in_with_a_cookie_and_needs_the_csrf_token(ana: Member) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.get("/_allauth/browser/v1/config")
    browser.get(f"{BROWSER}/session")
    csrf = browser.cookies["csrftoken"].value
    credentials = {"email": ana.email, "password": "ana-and-the-wall"}
    assert send(browser, "POST", f"{BROWSER}/login", credentials).status_code == 403
    assert send(browser, "POST", f"{BROWSER}/login", credentials, **{"X-CSRFToken": csrf}).status_code == 200
    assert browser.get("/api/members/me/").json()["email"] == ana.email
    refused = send(browser, "PATCH", "/api/members/me/", {"name": "X"})
    assert (refused.status_code, code(refused)) == (403, "permission_denied")
    csrf = browser.cookies["csrftoken"].value
    accepted = send(browser, "PATCH", "/api/members/me/", {"name": "Anna"}, **{"X-CSRFToken": csrf})
    assert accepted.json()["name"] == "Anna"


def test_a_forgotten_password_is_reset_by_mail_and_ends_old_sessions(
    as_ana: Caller, anyone: Caller, ana: Member
) -> None:
    asked = anyone.send("POST", f"{APP}/password/request", {"email": ana.email}, Host="localhost")
    assert asked.status_code == 200
    link = re.search(r"http://localhost:8000/#/password/(\S+)", str(mail.outbox[-1].body))
    assert link, mail.outbox[-1].body
    reset = anyone.post(f"{APP}/password/reset", {"key": link[1], "password": "something-else-entirely"})
    assert reset.status_code in (200, 401), reset.content
    assert anyone.post(f"{APP}/login", {"email": ana.email, "password": "ana-and-the-wall"}).status_code == 400
    assert anyone.post(f"{APP}/login", {"email": ana.email, "password": "something-else-entirely"}).status_code == 200
    assert as_ana.get("/api/members/me/").status_code == 401
    assert anyone.post(f"{APP}/password/reset", {"key": link[1], "password": PASSWORD}).status_code == 400


def test_asking_for_a_strangers_reset_tells_nothing(anyone: Caller, ana: Member) -> None:
    known = anyone.post(f"{APP}/password/request", {"email": ana.email})
    unknown = anyone.post(f"{APP}/password/request", {"email": "nobody@example.com"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())


def test_a_mail_server_that_is_down_stops_nobody_from_signing_up(anyone: Caller, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert anyone.post(f"{APP}/signup", {"email": "n@example.com", "password": PASSWORD}).status_code == 200


def test_guessing_passwords_is_limited_with_a_hint(anyone: Caller, ana: Member) -> None:
    attempts = [anyone.post(f"{APP}/login", {"email": ana.email, "password": f"guess-{n}"}) for n in range(12)]
    limited = [attempt for attempt in attempts if attempt.status_code == 429]
    assert limited
    assert int(limited[0]["Retry-After"]) > 0


def test_a_member_changes_name_phone_and_consent_and_nothing_else(as_ana: Caller, ana: Member) -> None:
    wish = {
        "name": "Ana B.",
        "phone": "+44 7700 900999",
        "whatsapp_opt_in": False,
        "is_staff": True,
        "id": 77,
        "email": "boss@example.com",
        "is_superuser": True,
    }
    body = as_ana.patch("/api/members/me/", wish).json()
    assert body == {
        "id": ana.pk,
        "email": "ana@example.com",
        "name": "Ana B.",
        "phone": "+447700900999",
        "whatsapp_opt_in": False,
        "is_staff": False,
    }
    ana.refresh_from_db()
    assert (ana.is_staff, ana.is_superuser) == (False, False)


@pytest.mark.parametrize("phone", ["07700", "abc", "+999999999999999999", "\u0000", 5, None, ["+447700900123"]])
def test_a_phone_that_is_none_is_refused(as_ana: Caller, phone: Any) -> None:
    assert as_ana.patch("/api/members/me/", {"phone": phone}).status_code == 400


def test_nobody_is_me_without_signing_in(anyone: Caller) -> None:
    for answer in (anyone.get("/api/members/me/"), anyone.get("/api/members/")):
        assert (answer.status_code, code(answer)) == (401, "not_authenticated")


def test_a_made_up_token_is_nobody(anyone: Caller) -> None:
    for token in ("x" * 32, "", "'; drop table", "\u00e9"):
        anyone.headers["X-Session-Token"] = token
        assert anyone.get("/api/members/me/").status_code == 401


def test_a_deactivated_member_is_out_at_once(as_ana: Caller, ana: Member) -> None:
    Member.objects.update(is_active=False)
    assert as_ana.get("/api/members/me/").status_code == 401


def test_staff_list_search_and_create_members(as_carla: Caller, ana: Member, ben: Member) -> None:
    found = as_carla.get("/api/members/", search="ana").json()["results"]
    assert [member["email"] for member in found] == ["ana@example.com"]
    page = as_carla.get("/api/members/", page_size=2).json()
    assert (len(page["results"]), page["previous"]) == (2, None)
    assert len(as_carla.http.get(page["next"], headers=as_carla.headers).json()["results"]) == 1
    new = as_carla.post("/api/members/", {"email": "Dan@Example.com", "name": "Dan", "phone": "+447700900321"})
    assert (new.status_code, new.json()["email"], new.json()["phone"]) == (201, "dan@example.com", "+447700900321")
    assert not Member.objects.get(email="dan@example.com").has_usable_password()
    again = as_carla.post("/api/members/", {"email": "DAN@example.com", "name": "Dan", "phone": ""})
    assert (again.status_code, code(again)) == (400, "unique")
    weak = as_carla.post("/api/members/", {"email": "e@example.com", "name": "E", "phone": "", "password": "123"})
    assert (weak.status_code, weak.json()["errors"][0]["attr"]) == (400, "password")


def test_members_do_not_list_or_create_members(as_ana: Caller) -> None:
    for answer in (as_ana.get("/api/members/"), as_ana.post("/api/members/", {"email": "x@example.com"})):
        assert (answer.status_code, code(answer)) == (403, "permission_denied")


def test_passwords_are_hashed_with_argon2(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    assert Member.objects.create_user("x@example.com", PASSWORD).password.startswith("argon2$")


def test_a_change_of_name_does_not_undo_a_deactivation(ana: Member) -> None:
    read_earlier = Member.objects.get(pk=ana.pk)
    Member.objects.update(is_active=False, password="!")
    change = MemberSerializer(read_earlier, data={"name": "A"}, partial=True)
    assert change.is_valid()
    change.save()
    ana.refresh_from_db()
    assert (ana.name, ana.is_active, ana.password) == ("A", False, "!")


def test_nobody_adds_another_members_address(as_ana: Caller, ben: Member) -> None:
    for client in ("app", "browser"):
        assert as_ana.post(f"/_allauth/{client}/v1/account/email", {"email": ben.email}).status_code == 404
    assert as_ana.get("/accounts/email/").status_code == 404


def test_an_address_is_kept_in_lower_case_whoever_writes_it(anyone: Caller) -> None:
    member = Member(email="Zed@Example.com")
    member.set_password(PASSWORD)
    member.save()
    assert anyone.post(f"{APP}/login", {"email": "ZED@example.com", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"email": "a@example.com", "password": "\\ud800"}'], ids=["deep", "half"]
)
def test_signing_in_with_an_unreadable_body_is_refused(anyone: Caller, body: str) -> None:
    for act in ("login", "signup"):
        assert anyone.post(f"{APP}/{act}", body).status_code == 400


def test_a_search_of_many_words_is_bounded(as_carla: Caller) -> None:
    assert as_carla.get("/api/members/", search="a " * 3000).status_code == 200
