"""The known and suspected differences from Stripe, written down where the tests point."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
DIFFERENCES = HERE.parents[1] / "docs" / "sandbox-differences.md"


def test_every_difference_a_test_names_is_written_down() -> None:
    trees = [ast.parse(path.read_text()) for path in HERE.glob("test_*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {
        argument.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "differs"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }
    written = set(re.findall(r"^\| (D\d+) \|", DIFFERENCES.read_text(), re.MULTILINE))
    assert named
    assert named <= written
