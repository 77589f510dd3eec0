"""The README's first screen, run as it stands against what `make run` serves."""

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PATIENCE_SECONDS = 30


def block(name: str) -> str:
    found = re.search(rf"<!-- tried: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert found, name
    return found[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Demo:
    """What `make run` starts, on free ports and a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.sandbox_port = folder, free_port(), free_port()
        self.database = folder / "db.sqlite3"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "TWILIO_"))}
        self.environment = {
            **kept,
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "DATABASE_URL": f"sqlite:///{self.database}",
        }
        self.log = folder / "log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", "run"], cwd=ROOT, env=self.environment, stdout=output, stderr=output, start_new_session=True
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200:
                    return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def run(self, script: str) -> str:
        script = script.replace("localhost:8000", f"127.0.0.1:{self.port}")
        script = script.replace("localhost:12111", f"127.0.0.1:{self.sandbox_port}")
        script = script.replace(".venv/bin/python", sys.executable).replace("manage.py", str(ROOT / "manage.py"))
        script = script.replace("sandbox env", f"sandbox env --port {self.sandbox_port}")
        environment = {**self.environment, "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path)
    try:
        demo.wait_until_ready()
        yield demo
    finally:
        demo.stop()


def bodies(output: str) -> list[Any]:
    """The JSON bodies a script has printed, one after the other."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(output.strip()):
        body, at = decoder.raw_decode(output, at)
        found.append(body)
    return found


def eventually(look: Any) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (seen := look()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return seen


def test_the_first_screen_of_the_readme_leads_to_paid_and_freed_bookings(demo: Demo) -> None:
    with_credit, by_card = bodies(demo.run(block("book")))
    assert (with_credit["status"], with_credit["paid_with"]) == ("paid", "credits")
    assert (by_card["status"], by_card["paid_with"], by_card["amount"]) == ("paid", "card", 1800)
    for booking in (with_credit, by_card):
        eventually(lambda reference=booking["reference"]: f"| {reference}" in demo.log.read_text())

    declined = block("book").replace("pm_card_visa", "pm_card_chargeDeclined")
    declined = declined.replace("page_size=3", "page_size=3&search=spin")
    [again, freed] = bodies(demo.run(declined))
    assert again["status"] == "paid"
    assert (freed["status"], freed["ended_reason"]) == ("freed", "payment_failed")

    held = re.sub(r"# The payer confirms.*", "cat held.json", block("book"), flags=re.DOTALL)
    held = held.replace("page_size=3", "page_size=3&search=wall")
    left = bodies(demo.run(held))[-1]
    with closing(sqlite3.connect(demo.database)) as database, database:
        database.execute("UPDATE booking_booking SET created_at = datetime(created_at, '-2 minutes')")
    assert "1 stale, 1 freed" in demo.run(block("expire"))
    with closing(sqlite3.connect(demo.database)) as database, database:
        row = database.execute(
            "SELECT status, ended_reason FROM booking_booking WHERE reference = ?", [left["reference"]]
        ).fetchone()
    assert row == ("freed", "expired")
