"""Each process of each flow is killed at every crossing, before it and after it; nothing is lost or done twice."""

import pytest

from tests.cast import Sandbox
from tests.faults.flows import FLOWS, Flow
from tests.faults.gate import Gate
from tests.faults.house import House
from tests.faults.kills import Killer

pytestmark = pytest.mark.load


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_process_killed_at_any_crossing_loses_nothing(house: House, gate: Gate, sandbox: Sandbox, flow: Flow) -> None:
    proof = Killer(house, gate, sandbox).prove(flow)
    print(f"\n{proof}")
    assert not proof.problems, "\n".join([str(proof), *proof.problems])
    assert len(proof.tried) == 2 * len(proof.counted) > 0
