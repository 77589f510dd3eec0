"""Each process of each flow is killed at every crossing, before it and after it; nothing is lost or done twice."""

import pytest

from tests.cast import Sandbox
from tests.faults import sizes, tally
from tests.faults.flows import FLOWS, Flow
from tests.faults.gate import Gate
from tests.faults.house import House
from tests.faults.kills import Killer
from tests.faults.tally import Line
from tests.faults.truths import CAUGHT

pytestmark = pytest.mark.load

TRIED = [flow for flow in FLOWS if sizes.ALL or not flow.slow]
FLOW = {flow.name: flow for flow in FLOWS}


@pytest.mark.parametrize("flow", TRIED, ids=lambda flow: flow.name)
def test_a_process_killed_at_any_crossing_loses_nothing(
    house: House, gate: Gate, sandbox: Sandbox, flow: Flow, request: pytest.FixtureRequest
) -> None:
    proof = Killer(house, gate, sandbox).prove(flow)
    row = [flow.name, len(proof.counted), len(proof.tried), len(proof.problems), round(proof.seconds, 1)]
    tally.keep(request, Line("faults-kills", row, len(proof.tried), len(proof.problems), proof.seconds))
    assert not proof.problems, "\n".join([str(proof), *proof.problems])
    assert len(proof.tried) == 2 * len(proof.counted) > 0


@pytest.mark.parametrize("name", CAUGHT)
def test_a_program_without_its_guards_is_caught(unguarded: House, gate: Gate, sandbox: Sandbox, name: str) -> None:
    proof = Killer(unguarded, gate, sandbox).prove(FLOW[name])
    assert any(CAUGHT[name] in problem for problem in proof.problems), "\n".join(proof.problems)
