"""The house: the line of apps, one file a vendor, words only where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).parent.parent
APPS = ("config", "booking", "payments", "notifications", "members", "boundary")
FILES = sorted(path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)
DRAWERS = {"utils", "helpers", "common", "services", "misc"}


def test_the_line_of_imports_holds() -> None:
    linter = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    ended = subprocess.run(linter, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text()
    assert path.stem not in DRAWERS
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [child for child in ast.walk(node) if isinstance(child, ast.Import | ast.ImportFrom)]
            assert not inner, f"{node.name} imports inside a function"


def test_seats_and_statuses_are_written_in_one_place_each() -> None:
    for path in FILES:
        text = path.read_text()
        name = str(path.relative_to(ROOT))
        if name != "booking/seats.py":
            assert "update(seats_taken" not in text, name
        if name != "booking/models/booking.py":
            assert "Booking.objects.filter" not in text or ".update(status" not in text, name


def test_no_accessor_leads_upwards() -> None:
    order = ["members", "notifications", "payments", "booking"]
    for model in apps.get_models():
        if model._meta.app_label not in order:
            continue
        for field in model._meta.get_fields():
            if field.is_relation and field.concrete and field.related_model._meta.app_label in order:
                upper, lower = model._meta.app_label, field.related_model._meta.app_label
                if order.index(upper) > order.index(lower):
                    assert field.remote_field.related_name == "+", f"{model.__name__}.{field.name}"
