"""`docs/frontend.md`, done as it says: every block in order, in Chromium, before the real server and the sandbox."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from playwright.sync_api import Route

from booking.models import Booking, ClassSession
from config import frontend
from members.models import Member
from tests.cast import Caller, give_credits
from tests.openapi.document import operations
from tests.races.server import Server
from tests.web import guide
from tests.web.visitor import GOOD, Visit, Visitor

# Met by staff alone, or by a client that is not a frontend.
NOT_TOLD = {
    "attr",
    "not_paid",
    "pack_used",
    "not_refundable",
    "not_acceptable",
    "body_too_large",
    "length_required",
    "unsupported_media_type",
}
STRIPE_JS = "https://js.stripe.com/endive/stripe.js"


@pytest.fixture
def demo(site: Server, settings: Any) -> None:
    """What `make run` shows."""
    settings.DEBUG = True
    call_command("seed_demo", verbosity=0)


@pytest.fixture
def policy(settings: Any, sandbox_process: str) -> str:
    """The guide's policy, with the sandbox in Stripe's place."""
    settings.STRIPE_JS = f"{sandbox_process}/stripe.js"
    return frontend.policy()


class Reader:
    """Somebody who pastes the guide's blocks into the console of the page they were told to make."""

    def __init__(self, visitor: Visitor, policy: str) -> None:
        self.visitor, self.page = visitor, visitor.page
        serve(visitor, policy, {"book.html": guide.block("page"), "book.js": ""})
        self.page.goto(f"{visitor.base}/book.html")
        self.console = self.page.context.new_cdp_session(self.page)

    def pastes(self, code: str, *, value: bool = True) -> Any:
        asked = {"expression": code, "replMode": True, "awaitPromise": True, "returnByValue": value}
        answer = self.console.send("Runtime.evaluate", asked)
        assert "exceptionDetails" not in answer, (code, answer)
        return answer["result"].get("value")

    def spin(self) -> ClassSession:
        return ClassSession.objects.get(pk=self.pastes("spin.id"))


def serve(visitor: Visitor, policy: str, files: dict[str, str]) -> None:
    """Serve some files beside the site's own."""
    kinds = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8"}
    # The browser cannot know that these come from this machine, as the sandbox does.
    visitor.context.grant_permissions(["local-network-access"])
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "same-origin"}

    def answer(route: Route) -> None:
        name = route.request.url.partition("?")[0].rpartition("/")[2]
        route.fulfill(body=files[name], headers={**headers, "Content-Type": kinds[name.rpartition(".")[2]]})

    for name in files:
        visitor.page.route(f"{visitor.base}/{name}*", answer)


def the_payer_pays(reader: Reader) -> None:
    reader.visitor.pays_with(GOOD)
    reader.visitor.sees("You are in!")


def the_bank_sends_the_payer_back(reader: Reader) -> None:
    asked = "?payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_2&redirect_status=succeeded"
    reader.page.evaluate("asked => history.replaceState(null, '', asked)", asked)


def ben_takes_the_last_seat(reader: Reader) -> None:
    ben = Member.objects.get(email="ben@example.com")
    give_credits(ben, 1)
    ClassSession.objects.filter(pk=reader.spin().pk).update(capacity=1)
    assert Caller(ben).book(reader.spin(), "credits").status_code == 201


def ben_gives_his_seat_back(reader: Reader) -> None:
    booking = Booking.objects.get(session=reader.spin(), member__email="ben@example.com")
    given_back = Caller(booking.member).post(f"/api/booking/bookings/{booking.reference}/cancel/")
    assert given_back.status_code == 200


MEANWHILE: dict[str, Callable[[Reader], None]] = {
    act.__name__.replace("_", " "): act
    for act in (the_payer_pays, the_bank_sends_the_payer_back, ben_takes_the_last_seat, ben_gives_his_seat_back)
}


def test_every_block_does_what_the_guide_says(visit: Visit, demo: None, policy: str) -> None:
    visitor = visit()
    visitor.refusals = {400, 401, 409}
    reader = Reader(visitor, policy)
    wrong = []
    for block in guide.blocks():
        if block.act:
            MEANWHILE[block.act](reader)
        if block.kind == "js":
            given = reader.pastes(block.text, value=block.answer is not None)
            wrong.append(guide.wrong_answer(block, given) if block.answer else "")
    assert not any(wrong), "\n".join(filter(None, wrong))


@pytest.mark.parametrize(
    ("shown", "given"),
    [
        ({"status": "paid"}, {"status": "pending"}),
        ({"status": "paid"}, {"status": "paid", "seat": 7}),
        ({"status": "paid", "seat": 7}, {"status": "paid"}),
        ({"paid_at": None}, {"paid_at": "2026-11-27T02:08:30Z"}),
        ({"paid_at": "2026-11-27T02:08:30Z"}, {"paid_at": "soon"}),
        ({"reference": "BEYPMTJG"}, {"reference": 7}),
        ([{"amount": 1200}], []),
        ([], [{"amount": 1200}]),
        (1, True),
    ],
    ids=str,
)
def test_an_answer_that_is_another_is_noticed(shown: Any, given: Any) -> None:
    assert not guide.wrong_answer(guide.Block("same", "js", "", answer=json.dumps(given)), given)
    assert guide.wrong_answer(guide.Block("other", "js", "", answer=json.dumps(shown)), given)


@pytest.mark.parametrize(
    "text",
    ["```js\nalert();\n```\n", "<!-- tried: a -->\n```sh\ncurl\n```\n", "```json\n{}\n```\n", "<!-- tried: a -->\n"],
    ids=["no mark", "nothing runs it", "an answer to nothing", "a mark of nothing"],
)
def test_a_block_that_nothing_tries_is_refused(text: str) -> None:
    with pytest.raises(AssertionError):
        guide.blocks(text)


def test_its_policy_is_the_one_that_the_site_has_with_stripe(settings: Any) -> None:
    settings.STRIPE_JS = STRIPE_JS
    name, policy = guide.block("policy").split(": ", 1)
    directives = [
        {directive.split()[0]: {*directive.split()[1:]} for directive in one.split(";")}
        for one in (policy, frontend.policy().strip(";"))
    ]
    assert name == "Content-Security-Policy"
    assert directives[0] == directives[1]


def test_it_tells_what_to_do_about_every_refusal_that_a_member_can_meet() -> None:
    told = set(re.findall(r"^\| (\d{3}) \| `(\w+)`", guide.FILE.read_text(), re.M))
    answers = [answer for operation in operations() for answer in operation.drawn["responses"].items()]
    promised = {
        (status, code)
        for status, answer in answers
        for code in re.findall(r"`([a-z_]+)`", answer["description"])
        if status >= "400" and code not in NOT_TOLD
    }
    assert told == promised
