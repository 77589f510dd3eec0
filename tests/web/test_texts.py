"""Every word of the page stands in one file, is used, and can be translated."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from members.models import Member
from payments.models import CreditLot, CreditPack
from tests.cast import Caller, Sandbox, give_credits, session
from tests.openapi.document import drawn, operations
from tests.web import words
from tests.web.visitor import Visit, Visitor

TEXTS = words.texts()
TRANSLATIONS = sorted(words.WEB.glob("texts.*.js"))
NAME = re.compile(r"[a-z]\w*(?:\.\w+)+")
# What the API calls a thing is part of the name of its text.
OF_THE_API = {
    "state": {*drawn()["components"]["schemas"]["BookingStatusEnum"]["enum"]},
    "wallet.kind": {*drawn()["components"]["schemas"]["KindEnum"]["enum"]},
    "booking": {"card", "credits", "desk", "free"},
}
OF_ALLAUTH = {"email_password_mismatch", "email_taken", "enter_current_password", "invalid_password_reset",
              "rate_limited"}  # fmt: skip
OF_THE_PAGE = {"offline", "unknown"}
# Nobody reads them: what a defect of the page itself is called, and names of the web's.
SILENT = {"AbortError", "Refusal", "Stripe.js does not answer"}


def asked_for() -> set[str]:
    """The names that stand in the scripts, those put together of a beginning and a word, and whole groups."""
    names, groups = set(), {name.partition(".")[0] for name in TEXTS}
    for script in words.scripts().values():
        literals = {text for text in words.strings(script) if "${" not in text}
        beginnings = set(re.findall(r"`([a-z][\w.]*)\.\$\{", script))
        names |= {one for one in literals if NAME.fullmatch(one) and one.partition(".")[0] in groups}
        names |= set(re.findall(r'\bt\("(\w+)"', script)) | set(re.findall(r"\btexts\.((?!js\b|de\b)[\w.]+)", script))
        ends = {one: literals | OF_THE_API.get(one, set()) for one in beginnings}
        names |= {f"{one}.{end}" for one in beginnings for end in ends[one]} & TEXTS.keys()
    return names


def test_every_text_that_is_asked_for_is_there_and_none_is_idle() -> None:
    names = asked_for()
    groups = {name for name in names if any(text.startswith(f"{name}.") for text in TEXTS)}
    assert names - groups - TEXTS.keys() == set(), "asked for, and not there"
    idle = {text for text in TEXTS.keys() - names if text.rpartition(".")[0] not in groups}
    assert idle == set(), "there, and never asked for"


def test_whatever_the_api_calls_a_thing_has_its_text() -> None:
    assert {f"{group}.{value}" for group, values in OF_THE_API.items() for value in values} - TEXTS.keys() == set()


def test_no_refusal_has_words_that_nobody_gives() -> None:
    answers = [answer["description"] for one in operations() for answer in one.drawn["responses"].values()]
    given = {code for answer in answers for code in re.findall(r"`([a-z_]+)`", answer)}
    ours = {name.partition(".")[2] for name in TEXTS if name.startswith("refused.")}
    assert ours - given - OF_ALLAUTH - OF_THE_PAGE == set()


def test_no_sentence_stands_anywhere_else() -> None:
    sentence = re.compile(r"[A-Za-z]+ [a-z]+ [a-z]+|(?<![\w.-])[A-Z][a-z]{2,}(?![\w-])")
    found = {
        (name, text)
        for name, script in words.scripts().items()
        for text in words.strings(script)
        if text not in SILENT and sentence.search(re.sub(words.FILLED, "", text))
    }
    assert found == set()
    page = re.sub(r"<[^>]+>", "\n", (words.WEB / "index.html").read_text())
    read = {line.strip() for line in page.splitlines() if line.strip()}
    # The scripts put their own words over these; who has none is told so in English.
    assert read == {TEXTS["brand"], TEXTS["skip"], "…", "This page needs JavaScript to show the schedule."}


@pytest.mark.parametrize("file", TRANSLATIONS, ids=lambda file: file.name)
def test_a_translation_has_every_text_with_what_is_filled_in(file: Path) -> None:
    blanks = [
        {name: sorted(re.findall(r"\{\w+\}", text)) for name, text in words.texts(one).items()}
        for one in (file, words.TEXTS)
    ]
    assert blanks[0] == blanks[1]


def test_a_visitor_reads_their_own_language(visit: Visit, ana: Member) -> None:
    give_credits(ana, 2)
    session(title="8", amount=1500)
    page = visit(ana, locale="de-AT")
    page.sees("10 Plätze frei")
    page.sees("2 Guthaben")
    assert page.page.evaluate("document.documentElement.lang") == "de"
    page.shows("schedule-german")


def test_translated_no_word_of_the_old_language_is_left(visit: Visit, sandbox: Sandbox, ana: Member) -> None:
    give_credits(ana, 3)
    CreditLot.objects.update(note="Подарок")
    Member.objects.filter(pk=ana.pk).update(name="Аня")
    russian = {"instructor": "Ирина", "location": "Зал", "title": "Йога"}
    free, held, booked = (session(**russian, starts_at=timezone.now() + timedelta(days=day)) for day in (2, 3, 4))
    hold = Caller(ana).book(held, "card").json()["reference"]
    paid = Caller(ana).book(booked, "credits").json()["reference"]
    CreditPack.objects.create(name="Десять", credits=10, amount=9900, currency="gbp", valid_days=90)
    page = visit(ana, locale="ru-RU")
    page.page.route("**/texts.js", _answer_translated)
    page.page.reload()
    for path in ("", f"/session/{free.pk}", f"/pay/{hold}", "/bookings", f"/bookings/{paid}", "/credits", "/account",
                 "/sign-in", "/sign-up", "/forgot", "/password/x-y", "/nowhere"):  # fmt: skip
        page.goes(path)
        expect(page.page.get_by_role("heading", level=1)).to_be_visible()
        page.page.wait_for_load_state("networkidle")
        assert left_behind(page) == [], path


def _answer_translated(route: Route) -> None:
    route.fulfill(body=words.translated(), content_type="text/javascript; charset=utf-8")


READ = """() => {
    const named = [...document.querySelectorAll("[aria-label], [placeholder]")];
    const heard = named.flatMap(({ ariaLabel, placeholder }) => [ariaLabel, placeholder]);
    return [document.title, document.body.innerText, ...heard].join("\\n");
}"""


def left_behind(page: Visitor) -> list[str]:
    """The words in Latin letters that a person sees or hears; addresses, references and the zone are no words."""
    names = re.compile(r"\S+@\S+|Europe/London|\b[0-9A-HJKMNP-TV-Z]{8}\b")
    return re.findall(r"[A-Za-z]{2,}", names.sub("", page.page.evaluate(READ)))
