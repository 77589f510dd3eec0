"""How soon the schedule can be used on a slow phone, and what a first visit weighs, for a visitor and for a member.

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

from playwright.sync_api import APIRequestContext, Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = "/usr/bin/chromium"
PASSWORD = "demo-studio-2026"
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
    environment = os.environ | more | {"RATE_LIMITS": "off"}
    for words in (["migrate", "--verbosity", "0"], ["seed_demo"]):
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    serve = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "--log-level", "error", "config.wsgi"]
    with subprocess.Popen(
        serve, cwd=ROOT, env=environment | {"DEBUG": "off", "PYTHONWARNINGS": "ignore:No directory"}
    ) as process:
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


def visit(browser: Browser, base: str, *, member: bool) -> tuple[float, int]:
    """Milliseconds until the schedule can be used, and the bytes that came over the wire."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    if member:
        _sign_in(context.request, base)
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


def _sign_in(request: APIRequestContext, base: str) -> None:
    """As Ana of the demo; the cookies stay with the browser."""
    request.get(f"{base}/_allauth/browser/v1/config")
    token = next(cookie["value"] for cookie in request.storage_state()["cookies"] if cookie["name"] == "csrftoken")
    known = {"email": "ana@example.com", "password": PASSWORD}
    answer = request.post(f"{base}/_allauth/browser/v1/auth/login", data=known, headers={"X-CSRFToken": token})
    if not answer.ok:
        raise SystemExit(f"bench.frontend: signing in was answered with {answer.status}")


def main() -> None:
    """Visit so often, as nobody and as a member, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=9)
    visits = parser.parse_args().visits
    with tempfile.TemporaryDirectory() as folder, studio(folder) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        print(f"{LATENCY_MS} ms latency, {BYTES_A_SECOND * 8 / 1e6:.1f} Mbit/s, processor slowed {SLOWER} times:")
        for who, member in (("a visitor", False), ("a member", True)):
            visit(browser, base, member=member)  # the server warms up
            seen = [visit(browser, base, member=member) for _ in range(visits)]
            times = sorted(milliseconds for milliseconds, _ in seen)
            print(
                f"  {who}: usable after {statistics.median(times):.0f} ms (median of {visits}; {times[0]:.0f} to "
                f"{times[-1]:.0f}), {statistics.median(size for _, size in seen) / 1000:.1f} kB on the wire",
                flush=True,
            )
        browser.close()


if __name__ == "__main__":
    main()
