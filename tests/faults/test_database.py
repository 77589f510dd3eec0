"""The database lets a request down, at each of its statements: success or 503, nothing doubled, and the truth later."""

import pytest
from django.db import transaction

from booking.models import ClassSession
from tests.cast import Sandbox
from tests.faults import sizes, tally, trial
from tests.faults.crossings import Crossing
from tests.faults.flows import FLOWS, Flow
from tests.faults.gate import Gate, Order, Way
from tests.faults.house import House
from tests.faults.spoils import Spoiler
from tests.faults.tally import Line
from tests.faults.truths import CAUGHT

pytestmark = pytest.mark.load

NAMES = ("book with credits", "book by card", "webhook succeeded", "webhook payment_failed", "cancel", "sync")
FLOW = {flow.name: flow for flow in FLOWS}


@pytest.mark.parametrize("name", NAMES)
def test_a_statement_that_fails_is_success_or_503_and_nothing_is_doubled(
    laneless: House, gate: Gate, sandbox: Sandbox, name: str, request: pytest.FixtureRequest
) -> None:
    spoiled = Spoiler(laneless, gate, sandbox).spoil(FLOW[name], everything=sizes.ALL)
    answers, found = spoiled.answers, len(spoiled.problems)
    row = [name, len(spoiled.counted), spoiled.tried, answers["success"], answers["503"], found]
    tally.keep(
        request, Line("faults-database", [*row, round(spoiled.seconds, 1)], spoiled.tried, found, spoiled.seconds)
    )
    assert not spoiled.problems, "\n".join(spoiled.problems)


@pytest.mark.parametrize("name", ["webhook refund of the dashboard", "book with credits"])
def test_a_program_without_its_guards_is_caught(unguarded: House, gate: Gate, sandbox: Sandbox, name: str) -> None:
    spoiled = Spoiler(unguarded, gate, sandbox).spoil(FLOW[name], everything=False)
    assert any(CAUGHT[name] in problem for problem in spoiled.problems), "\n".join(spoiled.problems)


@pytest.fixture
def flow() -> Flow:
    return FLOW["book with credits"]


def test_a_lock_that_is_not_let_go_is_503_within_its_timeout(laneless: House, sandbox: Sandbox, flow: Flow) -> None:
    one = trial.begin("a lock", 0, sandbox)
    flow.scene(one)
    assert flow.asks is not None
    with transaction.atomic():
        ClassSession.objects.select_for_update().get(pk=one.session.pk)
        refused = trial.asked(laneless, flow.asks(one))
    assert refused is not None
    assert (refused.status, refused.json["errors"][0]["code"]) == (503, "service_unavailable")
    assert refused.headers["Retry-After"]
    again = trial.asked(laneless, flow.asks(one))
    assert again is not None
    assert again.status == 201
    assert not flow.truth(one)


def test_no_connection_to_be_had_is_503_and_the_same_request_books_later(
    laneless: House, gate: Gate, sandbox: Sandbox, flow: Flow
) -> None:
    one = trial.begin("no connection", 0, sandbox)
    flow.scene(one)
    assert flow.asks is not None
    laneless.kill_web()
    gate.set(Order(Crossing("database", "(connect)", 1), Way.FAIL, times=10_000, with_what="53300"))
    refused = trial.asked(laneless, flow.asks(one))
    gate.set(None)
    assert refused is not None
    assert (refused.status, refused.json["errors"][0]["code"]) == (503, "service_unavailable")
    laneless.kill_web()
    again = trial.asked(laneless, flow.asks(one))
    assert again is not None
    assert again.status == 201
    assert not flow.truth(one)


def test_an_answer_that_takes_its_time_is_waited_for(laneless: House, gate: Gate, sandbox: Sandbox, flow: Flow) -> None:
    one = trial.begin("a pause", 0, sandbox)
    flow.scene(one)
    assert flow.asks is not None
    gate.set(Order(Crossing("database", "COMMIT", 1), Way.PAUSE, with_what=1.0))
    answer = trial.asked(laneless, flow.asks(one))
    assert answer is not None
    assert answer.status == 201
    assert not flow.truth(one)
