"""Somebody with a browser: what they do, and what must be true of every page they see."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, FrameLocator, Locator, Request, Response, expect

from members.models import Member

SHOTS = Path(__file__).resolve().parents[2] / ".run" / "web"
PHONE, DESK, NARROW = {"width": 390, "height": 844}, {"width": 1280, "height": 800}, {"width": 320, "height": 640}
PATIENCE = 10_000
GOOD, DECLINED, ASKS, SLOW = "4242424242424242", "4000000000000002", "4000000000003220", "4000000000008807"
Visit = Callable[..., "Visitor"]


class Visitor:
    """One browser window. `refusals` are the statuses above 399 that a test expects its page to be answered with."""

    def __init__(self, browser: Browser, base: str, member: Member | None, **context: Any) -> None:
        self.base = base
        self.context = browser.new_context(**{"viewport": PHONE, "locale": "en-GB", **context})
        if member is not None:
            self._signed_in(member)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints: list[str] = []
        self.refusals: set[int] = set()
        self.page.on("console", self._hears)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("requestfailed", self._misses)
        self.page.on("response", self._is_refused)

    def _signed_in(self, member: Member) -> None:
        client = Client()
        client.force_login(member)
        names = {"sessionid": client.cookies["sessionid"].value, "csrftoken": "x" * 32}
        self.context.add_cookies([{"name": name, "value": value, "url": self.base} for name, value in names.items()])

    def _hears(self, message: ConsoleMessage) -> None:
        # A refusal is heard of in `_is_refused`, with its status.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _misses(self, request: Request) -> None:
        # What was under way when a page was left is nobody's loss.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url} {request.failure}")

    def _is_refused(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.refusals:
            self.complaints.append(f"{response.status}: {response.url}")

    def goes(self, path: str) -> "Visitor":
        """Open an address of the site: what stands behind its `#`."""
        self.page.goto(f"{self.base}/{f'#{path}' if path else ''}")
        return self

    def sees(self, text: str | re.Pattern[str], *, within: float = PATIENCE) -> Locator:
        """Wait for a text to be there to read."""
        found = self.page.get_by_text(text).first
        expect(found).to_be_visible(timeout=within)
        return found

    def presses(self, name: str | re.Pattern[str], role: Any = "button") -> None:
        """Press the first button of this name (or follow a link of it)."""
        self.page.get_by_role(role, name=name, exact=isinstance(name, str)).first.click()

    def follows(self, name: str | re.Pattern[str]) -> None:
        self.presses(name, "link")

    def card(self) -> FrameLocator:
        """The card form, in its frame of the sandbox."""
        return self.page.frame_locator("iframe[title='Secure payment input frame']")

    def pays_with(self, number: str) -> None:
        """Fill in a card, as a payer would, and press the button."""
        fields = {"Card number": number, "Expiration": "12 / 34", "Security code": "123", "Postal code": "SW1A 1AA"}
        for label, value in fields.items():
            self.card().get_by_label(label).fill(value)
        self.presses(re.compile("^Pay "))

    def is_asked(self) -> FrameLocator:
        """The issuer's question, in its frame of the sandbox."""
        return self.page.frame_locator("iframe[title='3-D Secure']")

    def looks_again(self) -> None:
        """Come back to the window, as from another one: the page then asks anew what it shows."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def shows(self, name: str) -> None:
        """Keep a picture of the page at both sizes; it must fit a narrow phone, and axe finds nothing wrong with it."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        before = self.page.viewport_size
        for size, how in ((DESK, "desk"), (NARROW, "narrow"), (PHONE, "phone")):
            self.page.set_viewport_size(size)
            if how != "narrow":
                self.page.screenshot(path=SHOTS / f"{name}-{how}.png", full_page=True)
            assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
                f"{name} is wider than {how}"
            )
        # Frames of another origin cannot be looked into: the card form is Stripe's.
        found = Axe().run(self.page, options={"resultTypes": ["violations"], "iframes": False})
        serious = [one for one in found.response["violations"] if one["impact"] in ("serious", "critical")]
        assert not serious, [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious]
        self.page.set_viewport_size(before or PHONE)

    def leaves(self) -> None:
        """Close the window; a browser that had something to complain of fails the test."""
        self.context.close()
        assert self.complaints == [], self.complaints
