"""systemd's units and the crontab run what the program says that cron runs, as often."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import gunicorn
from config.studio_steps import CRON
from tests import production
from tests.operations.files import DEPLOY, OPERATIONS, ROOT, SERVED, table

UNITS = DEPLOY / "systemd"
TIMERS = sorted(UNITS.glob("*.timer"))
INSTALLED = "/srv/holdfast"
# What the words of the checklist mean to the two of them.
OFTEN = {
    "every minute": (r"\*-\*-\* \*:\*:\d\d", r"\* \* \* \* \*"),
    "every ten minutes": (r"\*-\*-\* \*:00/10:\d\d", r"\*/10 \* \* \* \*"),
    "every night": (r"\*-\*-\* 0\d:\d\d:00 UTC", r"\d+ [2-5] \* \* \*"),
}
# Weights of `systemd-analyze security`, in tenths: above it a protection is gone.
EXPOSURE = 15
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd is not here; .ci/run installs it"
)


def lines(path: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", path.read_text(), re.M)


def often(command: str) -> tuple[str, str]:
    """How often a command runs, and with which option."""
    said, _, option = CRON[command][0].partition(", with ")
    return said, option


@needs_systemd
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    for unit in tmp_path.glob("*.service"):
        there = {f"{INSTALLED}/.venv/bin/gunicorn": "/bin/true", f"{INSTALLED}/.venv/bin/python": "/bin/true"}
        text = unit.read_text()
        for path, instead in there.items():
            text = text.replace(path, instead)
        unit.write_text(text.replace(INSTALLED, str(ROOT)))
    names = ["holdfast.service", "holdfast.socket", "holdfast@reconcile_payments.service"]
    names += [timer.name for timer in TIMERS]
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (said.returncode, said.stderr) == (0, "")
    for name in ("holdfast.service", "holdfast@check_integrity.service"):
        judged = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", name]
        said = subprocess.run(judged, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert said.returncode == 0, said.stdout + said.stderr


def test_every_command_of_cron_has_a_timer_and_a_line_in_the_crontab() -> None:
    assert {timer.stem.removeprefix("holdfast-") for timer in TIMERS} == set(CRON)
    crontab = (DEPLOY / "crontab").read_text()
    ran = dict(re.findall(rf"^(\S+ \S+ \S+ \S+ \S+) +{INSTALLED}/deploy/manage (\w+(?: --\w+)?) 2>&1", crontab, re.M))
    assert len(re.findall("deploy/manage", crontab)) == len(CRON)
    for command in CRON:
        said, option = often(command)
        by_timer, by_cron = OFTEN[said]
        timer = UNITS / f"holdfast-{command}.timer"
        assert re.fullmatch(by_timer, lines(timer, "OnCalendar")[0])
        assert lines(timer, "Unit") == [f"holdfast@{command}.service"]
        assert lines(timer, "Persistent") == ["yes" if said == "every night" else "no"]
        dropped_in = UNITS / f"holdfast@{command}.service.d" / "options.conf"
        given = lines(dropped_in, "Environment") if dropped_in.exists() else []
        assert given == ([f"OPTIONS={option}"] if option else [])
        assert re.search(rf"^{by_cron} +{INSTALLED}/deploy/manage {command} ?{option} 2>&1", crontab, re.M), ran


@pytest.mark.parametrize("page", [OPERATIONS, ROOT / "README.md"], ids=lambda page: page.name)
def test_the_tables_say_the_same(page: Path) -> None:
    rows = table(page, "command")
    written = {name.removeprefix("manage.py "): cells[0] for name, cells in rows.items()}
    expected = {}
    for command in CRON:
        said, option = often(command)
        expected[f"{command} {option}".strip()] = said
    assert written == expected


def test_the_server_is_started_as_the_readme_says_and_may_end_in_peace() -> None:
    web = UNITS / "holdfast.service"
    assert lines(web, "ExecStart") == [f"{INSTALLED}/.venv/bin/{SERVED}"]
    assert f"    {SERVED}" in (ROOT / "README.md").read_text()
    assert int(lines(web, "TimeoutStopSec")[0]) > gunicorn.graceful_timeout


def test_manage_takes_its_variables_from_a_file_and_runs_nothing_in_it(tmp_path: Path) -> None:
    written, trap = tmp_path / "env", tmp_path / "trap"
    secret = f"it's $HOME `touch {trap}` $(touch {trap}) \\ #1 {'x' * 40}"
    values = {**production.VALUES, "SECRET_KEY": secret}
    written.write_text("# A comment\n\n" + "".join(f"{name}={value}\n" for name, value in values.items()))
    place = tmp_path / "holdfast"
    (place / "deploy").mkdir(parents=True)
    (place / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(DEPLOY / "manage", place / "deploy")
    (place / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (place / "manage.py").write_text(
        "import os, sys; print(sys.argv[1:], os.environ['SECRET_KEY'], os.getcwd(), sep='\\n')"
    )
    said = subprocess.run(
        [place / "deploy" / "manage", "reconcile_payments", "--fix"],
        env={"HOLDFAST_ENV": str(written), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert said.stdout.splitlines() == ["['reconcile_payments', '--fix']", secret, str(place)], said.stderr
    assert not trap.exists()


def test_the_example_of_variables_names_only_those_that_there_are() -> None:
    named = re.findall(r"^([A-Z_]+)=", (DEPLOY / "env.example").read_text(), re.M)
    assert set(named) <= set(re.findall(r"^([A-Z_]+)=", (ROOT / "prod.env").read_text(), re.M))
    assert set(production.VALUES) <= set(named)
