"""The container's file fits the repository: there is no docker to build it with, so its lines are walked by hand."""

import fnmatch
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.operations.files import DEPLOY, ROOT, SERVED

INSTRUCTIONS = re.findall(
    r"^([A-Z]+) +((?:.*\\\n)*.*)$", re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.M), re.M
)
IGNORE = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]


def given(name: str) -> list[str]:
    return [value for instruction, value in INSTRUCTIONS if instruction == name]


def copied() -> list[tuple[list[str], str]]:
    """What comes from the repository, and where it goes."""
    words = [value.split() for value in given("COPY") if not value.startswith("--from")]
    return [(sources, target) for *sources, target in words]


def test_it_copies_what_there_is_and_the_context_lets_it_in() -> None:
    sources = {source for sources, _ in copied() for source in sources}
    assert all((ROOT / source).exists() for source in sources)
    assert IGNORE[0] == "*"
    admitted = {line.removeprefix("!") for line in IGNORE if line.startswith("!")}
    assert admitted == sources
    secret = (".git", ".env", "db.sqlite3", "dev.env", "tests", "sandbox", ".run")
    assert not [name for name in secret if any(fnmatch.fnmatch(name, one) for one in admitted)]


def test_it_serves_as_the_readme_says_on_the_python_that_is_tested_and_not_as_root() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(given("FROM")) == {"python:3.11-slim-bookworm", "python:3.11-slim-bookworm AS build"}
    assert project["project"]["requires-python"] == ">=3.11"
    assert re.findall(r'"([^"]+)"', given("CMD")[0]) == SERVED.split()
    assert given("USER") == ["holdfast"]
    after = [name for name, _ in INSTRUCTIONS][[name for name, _ in INSTRUCTIONS].index("USER") :]
    assert "RUN" not in after
    assert "COPY" not in after
    [install] = [command for command in given("RUN") if "pip install" in command]
    assert "--require-hashes" in install
    kept = [value for name in ("ENV", "ARG", "LABEL") for value in given(name)]
    assert not re.search(r"SECRET|KEY|TOKEN|PASSWORD|DATABASE_URL", " ".join(kept))


def test_what_it_copies_is_enough_to_run(tmp_path: Path) -> None:
    for sources, target in copied():
        for source in sources:
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (tmp_path / target).mkdir(exist_ok=True)
                shutil.copy(ROOT / source, tmp_path / target)
    [collect] = [command for command in given("RUN") if "collectstatic" in command]
    words = collect.replace("\\\n", " ").split()
    values = dict(word.split("=", 1) for word in words if "=" in word)
    assert words[-4:] == ["python", "manage.py", "collectstatic", "--noinput"]
    environment = {"DJANGO_ENV": "prod", "PYTHONDONTWRITEBYTECODE": "1", **values}
    # Compressing everything would take the longest, and tells nothing.
    collects = ["manage.py", *words[-2:], "--dry-run"]
    for command in (collects, ["-c", "import config.wsgi, config.urls, config.gunicorn"]):
        said = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )
        assert said.returncode == 0, said.stderr
