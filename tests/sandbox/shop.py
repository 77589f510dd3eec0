"""A shop's own pages, served under a strict policy, and a payer in front of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import ConsoleMessage, FrameLocator, Page, Route, expect

from tests.sandbox.conftest import Running, eventually

PAGES = Path(__file__).parent / "checkout"
KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".html": "text/html"}
STRIPE = "https://js.stripe.com"
PAID, DECLINED, POOR, ASKS, SLOW = (
    "4242424242424242", "4000000000000002", "4000000000009995", "4000000000003220", "4000000000008807",
)  # fmt: skip


@contextmanager
def shop(stripe_js: str, policy_for: str, vendor: Path | None = None) -> Iterator[str]:
    """A web server with the checkout page; scripts and frames may come from it and from `policy_for` alone."""
    policy = (
        f"default-src 'none'; script-src 'self' {policy_for}; style-src 'self'; img-src data:; "
        f"connect-src 'self' {policy_for}; frame-src {policy_for}; base-uri 'none'; form-action 'self'"
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            name = "index.html" if path in ("/tag", "/loaded", "/done") else path.rsplit("/", 1)[-1]
            folder = vendor if path.startswith("/vendor/") and vendor else PAGES
            text = (folder / name).read_text().replace("{SCRIPT}", stripe_js if path == "/tag" else "")
            text = text.replace("{PAGE}", path.strip("/")).replace('<script src=""></script>', "")
            if path == "/done":
                text = "<!doctype html><title>Done</title><link rel='icon' href='data:,'><p>Thank you"
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{KINDS[Path(name).suffix]}; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    # Another host name than the sandbox's: the frame is of another site, as Stripe's is.
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


class Checkout:
    """A payer at the checkout page of the shop."""

    def __init__(self, page: Page, sandbox: Running, base: str) -> None:
        self.page, self.sandbox, self.base = page, sandbox, base
        self.complaints: list[str] = []
        page.on("console", self._listen)
        page.set_default_timeout(8000)

    def _listen(self, message: ConsoleMessage) -> None:
        # The browser itself notes every answer from 400 on; the page is told of those another way.
        refused = "/v1/payment_intents/" in message.location["url"] or "/challenge/" in message.location["url"]
        if message.type in ("error", "warning") and not (message.text.startswith("Failed to load") and refused):
            self.complaints.append(message.text)

    def open(self, intent: Any = None, *, where: str = "tag", ready: bool = True, **query: Any) -> None:
        """The page for an intent, or for an amount alone; `ready` waits for the form."""
        secret = {"secret": intent.client_secret} if intent is not None else {}
        self.page.goto(f"{self.base}/{where}?{urlencode(secret | query)}")
        if ready:
            eventually(lambda: self.told("ready"))

    @property
    def form(self) -> FrameLocator:
        return self.page.frame_locator("iframe[title='Secure payment input frame']")

    @property
    def challenge(self) -> FrameLocator:
        return self.page.frame_locator("iframe[title='3-D Secure']")

    def type(self, number: str, *, expiry: str = "1234", code: str = "123", postcode: str = "SW1A 1AA") -> None:
        """Fill the form in by hand, key by key."""
        for label, text in (("Card number", number), ("Expiration date", expiry), ("Security code", code)):
            field = self.form.get_by_label(label)
            field.fill("")
            field.press_sequentially(text)
        self.form.get_by_label("Country").select_option("GB")
        self.form.get_by_label("Postal code").fill(postcode)

    def submit(self) -> dict[str, Any]:
        """Press the shop's button; answers what Stripe.js said."""
        self.page.get_by_role("button", name="Pay now").click()
        return self.result()

    def result(self) -> dict[str, Any]:
        """What Stripe.js said to the page."""
        said = self.page.locator("#result")
        expect(said).not_to_be_empty(timeout=8000)
        return json.loads(said.text_content() or "")

    def pay(self, number: str) -> dict[str, Any]:
        """Type a card and press the button."""
        self.type(number)
        return self.submit()

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind that the Element sent."""
        return [event for event in self.page.evaluate("window.told ?? []") if event["type"] == kind]


def reroute(page: Page, sandbox: Running) -> None:
    """Let everything asked of js.stripe.com be answered by the sandbox."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(STRIPE)
        route.fulfill(response=route.fetch(url=sandbox.url + path))

    page.route(f"{STRIPE}/**", answer)
