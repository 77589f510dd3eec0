"""What members write on WhatsApp: signed, of whoever owns the number, done once and answered always."""

from typing import Any

import pytest
from django.test import Client

from members.models import Member
from notifications.models import Reply
from notifications.replies import NOBODY, SEVERAL, STARTED, words_of
from notifications.twilio_client import answer_to_phone
from tests.cast import Caller, Sandbox
from tests.notifications.phone import ANA, PATH, post, write

SID = "SM" + "a" * 32


@pytest.fixture(autouse=True)
def twilio(sandbox: Sandbox, ana: Member) -> None:
    """The program has a number on WhatsApp, and Ana's is known."""


def consents() -> list[bool]:
    return list(Member.objects.order_by("pk").values_list("whatsapp_opt_in", flat=True))


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Stop!", "Unsubscribe", "stop messaging me", "ＳＴＯＰ", "Quit"])
def test_stop_ends_consent_and_is_answered_by_silence(text: str) -> None:
    assert write(text) == ""
    assert consents() == [False]


@pytest.mark.parametrize("text", ["START", "start!", "Start, please"])
def test_start_gives_consent_again(text: str) -> None:
    Member.objects.update(whatsapp_opt_in=False)
    assert write(text) == STARTED
    assert consents() == [True]


def test_a_question_about_a_start_gives_no_consent() -> None:
    Member.objects.update(whatsapp_opt_in=False)
    assert "Write " in write("Start time of yoga?")
    assert consents() == [False]


@pytest.mark.parametrize("text", ["Hello", "", "🧘", "<Response>&amp;", "x" * 1600, "help"], ids=lambda text: text[:9])
def test_any_other_text_is_answered_by_what_one_can_write(text: str) -> None:
    assert write(text).startswith("Write ")
    assert Reply.objects.get().text == text[:200]


@pytest.mark.parametrize("case", ["wrong token", "no signature", "no token of ours", "another text"])
def test_what_twilio_has_not_signed_is_refused(case: str, settings: Any) -> None:
    if case == "wrong token":
        answer = post("STOP", token="guess")
    elif case == "no token of ours":
        settings.TWILIO_AUTH_TOKEN = ""
        answer = post("STOP", token="")
    elif case == "another text":
        signed = post("HELP").wsgi_request
        fields = {**signed.POST.dict(), "Body": "STOP"}
        answer = Client().post(PATH, fields, headers={"X-Twilio-Signature": signed.headers["X-Twilio-Signature"]})
        Reply.objects.all().delete()
    else:
        answer = Client().post(PATH, {"Body": "STOP", "From": f"whatsapp:{ANA}", "MessageSid": SID})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "permission_denied")
    assert (consents(), Reply.objects.count()) == ([True], 0)


def test_what_was_written_to_another_number_is_refused() -> None:
    assert post("STOP", to="whatsapp:+447700900999").status_code == 403
    assert (consents(), Reply.objects.count()) == ([True], 0)


@pytest.mark.parametrize(
    "fields",
    [{"MessageSid": ""}, {"MessageSid": "SM 1"}, {"From": ""}, {"From": "whatsapp:"}, {"From": "+447700900123"}],
    ids=["no sid", "odd sid", "no sender", "empty sender", "an SMS"],
)
def test_what_is_no_whatsapp_message_is_refused(fields: dict[str, str]) -> None:
    answer = post("STOP", **fields)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid")
    assert (consents(), Reply.objects.count()) == ([True], 0)


def test_only_posts_are_taken() -> None:
    assert Client().get(PATH).status_code == 405


def test_a_number_of_nobody_is_answered_and_nothing_of_it_stored(ben: Member) -> None:
    Member.objects.filter(pk=ben.pk).update(phone="")
    for text in ("YES", "CANCEL", "STOP", "START"):
        assert write(text, phone="+447700900777") == NOBODY
    assert (Reply.objects.count(), consents()) == (0, [True, False])


def test_who_has_left_is_nobody() -> None:
    Member.objects.update(is_active=False)
    assert write("STOP") == NOBODY
    assert Reply.objects.count() == 0


def test_of_two_accounts_with_one_number_only_consent_changes(ben: Member) -> None:
    Member.objects.filter(pk=ben.pk).update(phone=ANA, whatsapp_opt_in=True)
    for text in ("YES", "CANCEL", "CONFIRM", "Hello"):
        assert write(text) == SEVERAL
    assert write("STOP") == ""
    assert consents() == [False, False]
    assert write("START") == STARTED
    assert consents() == [True, True]
    assert set(Reply.objects.values_list("member", flat=True)) == {None}


def test_whoever_claims_another_s_number_does_not_read_what_comes_from_it(ben: Member) -> None:
    """A number is believed as it is told: to whom of the two the words belong, nobody knows."""
    as_ben = Caller(ben)
    assert as_ben.patch("/api/members/me/", {"phone": ANA}).status_code == 200
    assert write("CANCEL BOOKING 0SECRET0") == SEVERAL
    assert b"0SECRET0" not in as_ben.get("/api/members/me/export/").content
    assert Reply.objects.get().answer == SEVERAL


def test_another_member_s_consent_is_left_alone(ben: Member) -> None:
    Member.objects.update(whatsapp_opt_in=True)
    write("STOP")
    assert consents() == [False, True]


def test_a_replay_is_answered_the_same_and_does_nothing() -> None:
    assert write("STOP", sid=SID) == ""
    write("START")
    assert write("STOP", sid=SID) == ""
    assert (consents(), Reply.objects.count()) == ([True], 2)


def test_a_crash_before_the_answer_is_finished_by_the_replay() -> None:
    write("STOP", sid=SID)
    Member.objects.update(whatsapp_opt_in=True)
    Reply.objects.update(answer="", answered_at=None)
    assert write("STOP", sid=SID) == ""
    assert (consents(), Reply.objects.count()) == ([False], 1)
    assert Reply.objects.get().answered_at is not None


def test_whoever_writes_may_act_without_consent() -> None:
    Member.objects.update(whatsapp_opt_in=False)
    assert write("Hello").startswith("Write ")
    assert consents() == [False]


def test_an_answer_is_xml_whatever_it_says() -> None:
    assert "<Message>&lt;b&gt; &amp; Yoga\n!</Message>" in answer_to_phone("<b> & Yoga\n\x00\x08!")
    assert answer_to_phone("").endswith("<Response />")


@pytest.mark.parametrize(
    ("text", "words"),
    [("Yes!", ["YES"]), ("cancel k7m2-x9", ["CANCEL", "K7M2", "X9"]), ("¡Sí!", ["S"]), ("  ", [])],
)
def test_words_are_told_without_case_and_punctuation(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_the_sandbox_s_phone_is_answered(sandbox: Sandbox, settings: Any, live_server: Any) -> None:
    settings.PUBLIC_BASE_URL = live_server.url
    sandbox.control("POST", "configure", inbound_url=live_server.url + PATH)
    try:
        told = sandbox.control("POST", "messages/inbound", **{"from": ANA, "body": "Hello"})
        assert (told["taken"], told["status"]) == (True, 200)
        assert told["reply"].startswith("Write ")
        again = sandbox.control("POST", "messages/inbound", sid=told["sid"])
        assert again["reply"] == told["reply"]
        forged = sandbox.control("POST", "messages/inbound", **{"from": ANA, "body": "STOP", "as": "forged"})
        assert forged["status"] == 403
    finally:
        sandbox.control("POST", "configure", inbound_url=None)
    assert (Reply.objects.count(), consents()) == (1, [True])


def test_staff_read_in_the_admin_what_was_written(client: Client) -> None:
    write("Hello there")
    client.force_login(Member.objects.create_superuser("root@example.com", "root-and-the-wall"))
    page = client.get("/admin/notifications/reply/").text
    assert "Hello there" in page
    assert client.get("/admin/notifications/reply/add/").status_code == 403
