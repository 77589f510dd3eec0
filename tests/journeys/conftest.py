from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from freezegun import freeze_time

from members.models import Member
from tests.cast import Sandbox
from tests.journeys.told import Studio


@pytest.fixture
def studio(sandbox: Sandbox, carla: Member) -> Iterator[Studio]:
    """A studio with Carla at its desk, whose clock can be put forward; after every story all is well there."""
    # pytest's own clock goes on as ever.
    with freeze_time(datetime.now(UTC), tick=True, ignore=["_pytest.timing"]) as clock:
        studio = Studio(sandbox, clock, carla)
        yield studio
        studio.all_is_well()
        studio.rests()
