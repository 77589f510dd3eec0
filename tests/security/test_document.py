"""Every test that docs/security.md names is there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/]+(?:\.py)?)(?:::(\w+))?`")
PAGE = (ROOT / "docs" / "security.md").read_text()


def functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 60
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or (name and name not in functions(ROOT / path))
    ]
    assert missing == []


def test_every_risk_and_every_chapter_stands_there() -> None:
    for number in range(1, 11):
        assert f"\n| API{number} " in PAGE
    for chapter in range(1, 18):
        assert re.search(rf"(### .*\bV{chapter}\b|\b{chapter}\.\d|\| .*\b{chapter}\b \|)", PAGE), chapter
    assert len(PAGE.splitlines()) <= 250


def test_every_file_of_these_tests_is_named() -> None:
    for path in (ROOT / "tests" / "security").glob("test_*.py"):
        assert f"tests/security/{path.name}" in PAGE
