from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command

from members.models import Member
from tests.booking.corruptions import Scene
from tests.booking.door import Door
from tests.cast import Caller, Sandbox


@pytest.fixture
def scene(as_ana: Caller, sandbox: Sandbox) -> Scene:
    return Scene(as_ana, sandbox)


@pytest.fixture
def door(carla: Member) -> Iterator[Door]:
    """Carla at the front desk; whatever she does there, every law holds afterwards."""
    yield Door(carla, "run_desk", "add_member")
    found = StringIO()
    try:
        call_command("check_integrity", stdout=found, verbosity=2)
    except SystemExit as findings:
        raise AssertionError(found.getvalue()) from findings
