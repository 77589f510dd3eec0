"""`reconcile_payments`: each difference between Stripe and the database is found, named, and set right once."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from booking.models import Booking
from notifications import delivery
from notifications.models import Message
from payments import intents
from payments.models import Payment, Reconciliation, Refund, UnmatchedMoney
from tests import laws
from tests.booking.corruptions import (
    CORRUPTIONS,
    Scene,
    other_amount_paid,
    paid_by_hand_while_open,
    rows_lost_after_it_was_paid,
    second_intent_can_be_paid,
    success_lost,
    voided_by_hand,
)
from tests.cast import Caller, intent_of, seats_match, session

ROOT = Path(__file__).parents[2]


def reconcile(*words: str, patience: int = 0) -> tuple[int, dict[str, Any]]:
    """The command's exit status and what it says to machines, of the last hour."""
    out = StringIO()
    since = (timezone.now() - timedelta(hours=1)).isoformat()
    words = words if "--since" in words else (*words, "--since", since)
    try:
        call_command("reconcile_payments", *words, "--json", "--patience", str(patience), stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), json.loads(out.getvalue() or "{}")
    finally:
        assert intents.lane.wait(20)
        assert delivery.lane.wait(20)
    return 0, json.loads(out.getvalue())


def kinds(report: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(finding["kind"], finding["repaired"]) for finding in report["findings"]]


def state() -> tuple[str, ...]:
    """How the booking, its payment and its refunds stand."""
    booking = Booking.objects.select_related("payment").first()
    rows = (booking.status, booking.payment.status) if booking and booking.payment else ()
    return (*rows, *Refund.objects.order_by("id").values_list("status", flat=True))


@pytest.mark.parametrize(
    ("corrupt", "kind", "after"), CORRUPTIONS, ids=[corrupt.__name__ for corrupt, _, _ in CORRUPTIONS]
)
def test_a_difference_is_found_and_set_right(
    scene: Scene, corrupt: Callable[[Scene], None], kind: str, after: tuple[str, ...]
) -> None:
    corrupt(scene)
    before = state()
    status, report = reconcile()
    assert (status, kinds(report)) == (1, [(kind, False)])
    assert (report["clean"], report["found"], report["left"], state()) == (False, 1, 1, before)
    status, report = reconcile("--fix")
    assert (status, kinds(report)) == (0, [(kind, True)])
    assert state() == after
    for again in ((), ("--fix",)):
        status, report = reconcile(*again)
        assert (status, report["clean"], kinds(report)) == (0, True, [])
    assert state() == after
    assert seats_match()
    assert laws.broken() == {}


def test_forty_differences_and_none_of_them_is_one_test_less() -> None:
    """Twenty of either side at the least."""
    names = [corrupt.__name__ for corrupt, _, _ in CORRUPTIONS]
    here = names.index("rows_lost_while_it_can_be_paid")
    assert len(set(names)) == len(names)
    assert min(here, len(names) - here) >= 20


def test_money_of_another_sum_is_kept_for_staff(scene: Scene) -> None:
    other_amount_paid(scene)
    assert reconcile("--fix")[0] == 0
    money = UnmatchedMoney.objects.get()
    assert (money.amount, money.payment, money.resolved_at) == (1600, scene.payment, None)


def test_money_for_rows_that_are_gone_is_kept_for_staff(scene: Scene) -> None:
    rows_lost_after_it_was_paid(scene)
    assert reconcile("--fix")[0] == 0
    money = UnmatchedMoney.objects.get()
    assert (money.stripe_id, money.amount, money.payment) == (scene.intent, 1500, None)


def test_a_stray_intent_is_ended_at_stripe_and_the_payments_own_is_not(scene: Scene) -> None:
    second_intent_can_be_paid(scene)
    assert reconcile("--fix")[0] == 0
    assert sorted(intent["status"] for intent in scene.sandbox.intents()) == ["canceled", "succeeded"]


def test_a_booking_that_was_never_paid_is_cancelled_and_its_member_told(scene: Scene) -> None:
    paid_by_hand_while_open(scene)
    assert reconcile("--fix")[0] == 0
    assert scene.sandbox.intent(scene.intent)["status"] == "canceled"
    booking = scene.booking
    assert (booking.ended_reason, booking.session.seats_taken) == ("payment_canceled", 0)
    assert "nothing is returned" in Message.objects.get(kind="booking_cancelled").variables["returns"]


def test_a_payment_believed_paid_that_succeeds_while_it_is_taken_back_stays_paid(scene: Scene) -> None:
    paid_by_hand_while_open(scene)
    scene.sandbox.fault("paid_first", "/cancel$")
    assert reconcile("--fix")[0] == 0
    assert state() == ("paid", "paid")


def test_what_stripe_does_not_know_is_left_to_staff(scene: Scene) -> None:
    """It may be the key of another account: then nothing here is wrong."""
    scene.pay()
    scene.sandbox.reset()
    status, report = reconcile("--fix")
    assert (status, kinds(report), state()) == (1, [("unknown_there", False)], ("paid", "paid"))


@pytest.mark.parametrize("site", ["other.example.com", None])
def test_intents_of_others_on_the_same_account_are_left_alone(scene: Scene, site: str | None) -> None:
    more = {"metadata[site]": site} if site else {}
    for named in ({"metadata[payment]": str(uuid4()), **more}, {}):
        intent = scene.ask("payment_intents", amount=1500, currency="gbp", **named)
        if site:
            scene.sandbox.pays(scene.ask("payment_intents", amount=1500, currency="gbp", **named)["id"])
    assert reconcile("--fix")[0] == 0
    assert scene.sandbox.intent(intent["id"])["status"] == "requires_payment_method"
    assert "canceled" not in [one["status"] for one in scene.sandbox.intents()]
    assert not UnmatchedMoney.objects.exists()


def test_a_comparison_that_was_cut_off_goes_on_where_it_was(scene: Scene, capsys: Any) -> None:
    success_lost(scene)
    Payment.objects.update(created_at=timezone.now() - timedelta(days=3))
    scene.sandbox.control("POST", "clock", advance=0)
    since = (timezone.now() - timedelta(days=5)).isoformat()
    scene.sandbox.fault("status_before", "/v1/refunds$", method="GET", after=4, status=500, times=2)
    assert reconcile("--since", since) == (1, {})
    assert "Stripe did not answer" in capsys.readouterr().err
    cut_off = Reconciliation.objects.get()
    assert cut_off.since < cut_off.reached < cut_off.started_at
    asked = len(scene.sandbox.control("GET", "requests")["requests"])
    status, report = reconcile("--since", since)
    assert (status, kinds(report)) == (1, [("paid_there_not_here", False)])
    assert len(scene.sandbox.control("GET", "requests")["requests"]) - asked < asked
    assert Reconciliation.objects.get().finished_at
    reconcile("--since", since)
    assert Reconciliation.objects.count() == 2


def test_thirty_days_are_compared_unless_told_otherwise(scene: Scene, capsys: Any) -> None:
    success_lost(scene)
    for words in (("--fix", "-v", "2"), ()):
        with contextlib.suppress(SystemExit):
            call_command("reconcile_payments", *words, "--patience", "0")
    lines = capsys.readouterr().out.splitlines()
    subject = scene.booking.subject
    assert f"paid_there_not_here {subject} ({scene.intent}): 1500 gbp received at Stripe, open here; repaired" in lines
    day = f"{timezone.now() - timedelta(days=30):%Y-%m-%d}"
    assert [line.split(", ", 1)[1] for line in lines if line.startswith(f"reconcile_payments: since {day}")] == [
        "1 findings, 1 repaired, 0 left",
        "0 findings, 0 repaired, 0 left",
    ]


def test_a_payment_older_than_the_window_that_still_waits_is_looked_at(scene: Scene) -> None:
    scene.sandbox.control("POST", "clock", advance=-40 * 86400)
    scene.hold()
    scene.sandbox.control("POST", "clock", advance=40 * 86400)
    Payment.objects.update(created_at=timezone.now() - timedelta(days=40))
    scene.sandbox.pays(scene.intent)
    assert kinds(reconcile("--fix")[1])[0] == ("paid_there_not_here", True)
    assert state() == ("paid", "paid")


@pytest.mark.parametrize(
    "words",
    [["--since", "yesterday"], ["--since", "2999-01-01"], ["--since", "1999-01-01"], ["--patience", "-1"], ["--limit"]],
    ids=" ".join,
)
def test_wrong_usage_exits_2_and_begins_nothing(scene: Scene, words: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "reconcile_payments", *words], cwd=ROOT, capture_output=True, check=False
    )
    assert ended.returncode == 2
    assert not Reconciliation.objects.exists()


def test_without_a_key_there_is_nothing_to_compare_with(settings: Any, capsys: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    assert reconcile() == (2, {})
    assert "STRIPE_SECRET_KEY" in capsys.readouterr().err


def test_a_row_that_cannot_be_set_right_keeps_no_other_waiting(scene: Scene, as_ben: Caller) -> None:
    voided_by_hand(scene)
    scene.sandbox.pays(scene.intent, "pm_sandbox_processing")
    other = intent_of(as_ben.book(session(title="Climb"), "card"))
    scene.sandbox.pays(other)
    status, report = reconcile("--fix")
    found = {(finding["stripe"], finding["kind"], finding["repaired"]) for finding in report["findings"]}
    assert status == 1
    assert {(scene.intent, "payable_there_without_hold", False), (other, "paid_there_not_here", True)} <= found


def test_staff_see_what_was_compared(scene: Scene, carla: Any) -> None:
    success_lost(scene)
    reconcile()
    carla.is_superuser = True
    carla.save()
    browser = Client()
    browser.force_login(carla)
    page = browser.get("/admin/payments/reconciliation/")
    assert page.status_code == 200
    row = Reconciliation.objects.get()
    assert "paid_there_not_here" in browser.get(f"/admin/payments/reconciliation/{row.pk}/change/").content.decode()
