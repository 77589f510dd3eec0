"""Whatever is asked, the program answers as its document says, and never with a 5xx."""

import os
import time

import pytest
from rest_framework.throttling import ScopedRateThrottle

from members.models import Member
from tests.cast import Sandbox, seats_match
from tests.evidence import record
from tests.openapi.fuzzing import Found, fuzz
from tests.openapi.studio import Studio

CASES, SEED = int(os.environ.get("FUZZ_CASES", "300")), int(os.environ.get("FUZZ_SEED", "1"))


@pytest.fixture
def studio(sandbox: Sandbox, ana: Member, carla: Member, monkeypatch: pytest.MonkeyPatch) -> Studio:
    unlimited = dict.fromkeys(("book", "sync", "calendar", "export"))
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", unlimited)
    return Studio(ana, carla)


# A thread of the program that draws a random number meanwhile is taken for the strategies.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
def test_no_made_up_request_gets_an_answer_that_is_not_documented(studio: Studio) -> None:
    began = time.perf_counter()
    found = fuzz(studio, CASES, SEED)
    if "FUZZ_CASES" in os.environ:
        write_down(found, time.perf_counter() - began)
    assert found.faults == [], "\n\n".join(found.faults[:10])
    assert found.cases() >= CASES
    assert seats_match()


def write_down(found: Found, seconds: float) -> None:
    names = sorted({name for name, _ in found.statuses})
    statuses = sorted({status for _, status in found.statuses})
    rows = [[name, *(found.statuses[name, status] or "" for status in statuses)] for name in names]
    told = record.Record(
        part="openapi",
        title="Requests made up from the OpenAPI document",
        tried="schemathesis makes up valid and invalid requests to every operation; staff, a member and nobody send "
        "them to the program, with the sandbox as Stripe. No answer may be a 5xx or undocumented.",
        command=f"python -m tests.openapi.fuzz --cases {CASES}",
        count=found.cases(),
        unit="requests",
        findings=len(found.faults),
        seconds=seconds,
        columns=["operation", *map(str, statuses)],
        rows=rows,
    )
    print(
        f"fuzz: {found.cases()} requests, {len(found.faults)} findings; {record.write(told).relative_to(record.ROOT)}"
    )
