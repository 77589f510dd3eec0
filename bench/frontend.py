"""How soon the schedule can be used on a slow phone, and what a first visit weighs.

    python -m bench.frontend [--visits 9]

A real server with a demo studio, a Chromium whose network is a slow mobile one (150 ms there and back, 1.6 Mbit/s) and
whose processor is slowed four times, as Lighthouse's mobile phone. Each visit has a fresh profile. Usable: the first
class stands there, with its button, and the filters are filled.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = "/usr/bin/chromium"
LATENCY_MS, BYTES_A_SECOND, SLOWER = 150, 1.6e6 / 8, 4
# Looks whenever the page changes, from its first moment on; the page's own clock begins with the visit.
NOTE = """
new MutationObserver(() => {
  const usable = document.querySelector(".card .do > *") && document.querySelector("select")?.options.length > 1;
  if (usable) window.usable ??= performance.now();
}).observe(document, { subtree: true, childList: true });
"""


@contextmanager
def studio(folder: str) -> Iterator[str]:
    """A server with a demo studio, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    more = {
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "PORT": str(port),
        "PUBLIC_BASE_URL": f"http://localhost:{port}",
    }
    environment = os.environ | more
    for words in (["migrate", "--verbosity", "0"], ["seed_demo"]):
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    serve = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "--log-level", "error", "config.wsgi"]
    with subprocess.Popen(serve, cwd=ROOT, env=environment) as process:
        try:
            yield _ready(f"http://localhost:{port}")
        finally:
            process.terminate()


def _ready(base: str) -> str:
    for _ in range(200):
        try:
            urlopen(f"{base}/livez").close()
            return base
        except URLError:
            time.sleep(0.1)
    raise SystemExit("bench.frontend: the server did not start")


def visit(browser: Browser, base: str) -> tuple[float, int]:
    """Milliseconds until the schedule can be used, and the bytes that came over the wire."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_init_script(NOTE)
    page = context.new_page()
    session = context.new_cdp_session(page)
    arrived: list[int] = []
    session.on("Network.loadingFinished", lambda event: arrived.append(int(event["encodedDataLength"])))
    session.send("Network.enable")
    conditions = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": BYTES_A_SECOND}
    session.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": BYTES_A_SECOND / 2})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(base, wait_until="commit")
    page.locator(".card .do > *").first.wait_for()
    page.locator("select option").nth(1).wait_for(state="attached")
    usable = float(page.evaluate("window.usable"))
    context.close()
    return usable, sum(arrived)


def main() -> None:
    """Visit so often and print the median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=9)
    visits = parser.parse_args().visits
    with tempfile.TemporaryDirectory() as folder, studio(folder) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        visit(browser, base)  # the server warms up
        seen = [visit(browser, base) for _ in range(visits)]
        browser.close()
    times = sorted(milliseconds for milliseconds, _ in seen)
    median, spread = statistics.median(times), f"{times[0]:.0f} to {times[-1]:.0f}"
    print(
        f"frontend: usable after {median:.0f} ms (median of {visits}; {spread}), "
        f"{statistics.median(size for _, size in seen) / 1000:.1f} kB on the wire; "
        f"{LATENCY_MS} ms latency, {BYTES_A_SECOND * 8 / 1e6:.1f} Mbit/s, processor slowed {SLOWER} times"
    )


if __name__ == "__main__":
    main()
