"""Every answer the document promises is given: `docs/openapi.yaml` lists them, and these tests ask for each."""

import pytest
from rest_framework.throttling import ScopedRateThrottle

from members.models import Member
from tests.cast import Sandbox
from tests.openapi.acts import ACTS
from tests.openapi.document import Operation, operations
from tests.openapi.everywhere import EVERYWHERE
from tests.openapi.house import House, furnished


@pytest.fixture
def house(sandbox: Sandbox, ana: Member, carla: Member) -> House:
    return furnished(sandbox, ana, carla)


def promising(status: str) -> list[Operation]:
    return [operation for operation in operations() if status in operation.drawn["responses"]]


def test_somebody_asks_for_every_answer_of_the_document() -> None:
    promised = {(one.method, one.path, status) for one in operations() for status in one.drawn["responses"]}
    nobody_asks = {
        (method, path, status)
        for method, path, status in promised - ACTS.keys()
        if status not in EVERYWHERE and (method, status) != ("GET", "200")
    }
    assert nobody_asks == set()
    assert ACTS.keys() - promised == set()


@pytest.mark.parametrize("status", EVERYWHERE)
def test_a_refusal_is_given_wherever_it_is_promised(house: House, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    every = "1/min" if status == "429" else None
    scopes = dict.fromkeys(("book", "sync", "calendar", "export"), every)
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", scopes)
    given = {}
    for operation in promising(status):
        given[str(operation)] = EVERYWHERE[status](house, operation).status_code
    assert set(given.values()) == {int(status)}, {name: other for name, other in given.items() if other != int(status)}


def test_whatever_can_be_read_is_read(house: House) -> None:
    for operation in promising("200"):
        if operation.method == "GET":
            for_staff = operation.path == "/api/members/" or operation.path.endswith("/roster/")
            caller = house.as_carla if for_staff else house.as_ana
            assert caller.get(house.path(operation)).status_code == 200, operation


@pytest.mark.parametrize("asked", ACTS, ids=" ".join)
def test_it_answers_as_promised(house: House, asked: tuple[str, str, str]) -> None:
    answer = ACTS[asked](house)
    assert answer.status_code == int(asked[2]), answer.content
    assert answer.request["REQUEST_METHOD"] == asked[0]
