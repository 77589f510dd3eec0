"""`reconcile_payments`: each difference between Stripe and the database is found, named, and set right once."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from booking import integrity
from booking.models import Booking
from notifications import delivery
from payments import intents
from payments.models import Refund
from tests.booking.corruptions import CORRUPTIONS, Scene
from tests.cast import Caller, Sandbox, seats_match

SUCCEEDED = "payment_intent.succeeded"


@pytest.fixture
def scene(as_ana: Caller, sandbox: Sandbox, settings: Any) -> Scene:
    return Scene(as_ana, sandbox)


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


def laws_broken() -> dict[str, int]:
    return {law.name: law.count for law in integrity.check(now=timezone.now()) if law.count}


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
    assert laws_broken() == {}
