"""The packs on sale: anyone looks, staff put them there."""

from typing import Any

import pytest
from django.core.management import call_command

from members.models import Member
from payments.models import CreditPack
from tests.cast import Caller, code
from tests.payments.counter import pack
from tests.payments.desk import at_the_desk

PATH = "/api/payments/packs/"
TEN = {"name": "Ten classes", "credits": 10, "amount": 9900, "valid_days": 180}
WRONG = [
    {"amount": 29},
    {"amount": 0},
    {"amount": -1},
    {"amount": 100_000_000},
    {"credits": 0},
    {"credits": 100_001},
    {"valid_days": 0},
    {"valid_days": 3651},
    {"name": ""},
    {"name": "x" * 121},
    {"currency": "xxx"},
    {"currency": "mxn", "amount": 999},
]


def names(answer: Any) -> list[str]:
    return [one["name"] for one in answer.json()["results"]]


def test_anyone_lists_what_is_on_sale_cheapest_first(anyone: Caller, as_ana: Caller) -> None:
    pack()
    pack(name="One", credits=1, amount=1400)
    pack(name="Old", active=False)
    for caller in (anyone, as_ana):
        answer = caller.get(PATH)
        assert names(answer) == ["One", "Five classes"]
        assert set(answer.json()["results"][0]) == {"id", "name", "credits", "amount", "currency", "valid_days"}
        assert names(caller.get(PATH, page_size=1)) == ["One"]


def test_staff_see_also_what_is_no_longer_sold(as_carla: Caller) -> None:
    pack()
    pack(name="Old", active=False, amount=100)
    assert [(one["name"], one["active"]) for one in as_carla.get(PATH).json()["results"]] == [
        ("Old", False),
        ("Five classes", True),
    ]


def test_staff_add_a_pack_in_the_studios_currency(as_carla: Caller, anyone: Caller) -> None:
    answer = as_carla.post(PATH, TEN)
    assert answer.status_code == 201
    assert answer.json() == {**TEN, "id": CreditPack.objects.get().pk, "currency": "gbp", "active": True}
    assert names(anyone.get(PATH)) == ["Ten classes"]


def test_staff_take_a_pack_off_the_shelf_and_put_it_back(as_carla: Caller, anyone: Caller) -> None:
    one = pack()
    assert as_carla.patch(f"{PATH}{one.pk}/", {"active": False}).json()["active"] is False
    assert names(anyone.get(PATH)) == []
    as_carla.patch(f"{PATH}{one.pk}/", {"active": True, "id": 77})
    assert names(anyone.get(PATH)) == ["Five classes"]
    assert CreditPack.objects.get().pk == one.pk


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_cannot_be_sold_is_refused(as_carla: Caller, wrong: dict[str, Any]) -> None:
    answer = as_carla.post(PATH, TEN | wrong)
    assert (answer.status_code, answer.json()["type"]) == (400, "validation_error")
    one = pack()
    assert as_carla.patch(f"{PATH}{one.pk}/", wrong).status_code == 400
    assert list(CreditPack.objects.values_list("amount", "credits", "valid_days", "name", "currency")) == [
        (5500, 5, 90, "Five classes", "gbp")
    ]


def test_a_currency_alone_may_make_the_price_too_small(as_carla: Caller) -> None:
    one = pack(amount=500)
    assert as_carla.patch(f"{PATH}{one.pk}/", {"currency": "mxn"}).json()["errors"][0]["attr"] == "amount"


def test_only_staff_change_the_shelf(as_ana: Caller, anyone: Caller) -> None:
    one = pack()
    assert code(as_ana.post(PATH, TEN)) == code(as_ana.patch(f"{PATH}{one.pk}/", {"amount": 1})) == "permission_denied"
    assert code(anyone.post(PATH, TEN)) == code(anyone.patch(f"{PATH}{one.pk}/", {})) == "not_authenticated"
    assert CreditPack.objects.count() == 1


def test_the_admin_refuses_what_the_api_refuses(carla: Member) -> None:
    desk = at_the_desk(carla, "add_creditpack", "change_creditpack", "view_creditpack")
    form = {**TEN, "currency": "gbp", "active": "on"}
    for wrong in WRONG:
        page = desk.post("/admin/payments/creditpack/add/", form | wrong)
        assert page.status_code == 200, wrong
    assert not CreditPack.objects.exists()
    assert desk.post("/admin/payments/creditpack/add/", form).status_code == 302
    assert CreditPack.objects.get().amount == 9900
    assert 'value="gbp"' in desk.get("/admin/payments/creditpack/add/").content.decode()
    assert desk.post(f"/admin/payments/creditpack/{CreditPack.objects.get().pk}/delete/").status_code == 403


def test_the_demo_studio_has_packs_once(settings: Any, capsys: Any) -> None:
    settings.DEBUG = True
    for _ in range(2):
        call_command("seed_demo")
    said = capsys.readouterr().out.splitlines()
    assert ["3 packs added" in said[0], "0 packs added" in said[1]] == [True, True]
    assert CreditPack.objects.count() == 3
