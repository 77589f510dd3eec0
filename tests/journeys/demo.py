"""The demo as `make run` starts it, on free ports and with a database of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90


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
            except (requests.ConnectionError, requests.Timeout):  # not there yet, or busy with its first request
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
