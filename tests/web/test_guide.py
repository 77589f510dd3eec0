"""The guide for frontend developers, tried as it stands: every block is run, every body compared."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Route, expect

from booking.models import Booking
from members.models import Member
from payments.models import CreditPack
from tests.cast import Sandbox, give_credits, session
from tests.clients.node import installed
from tests.web.visitor import GOOD, Visit, Visitor

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "frontend.md").read_text()
BLOCK = re.compile(r"^(?:<!-- (?P<mark>[^\n]*) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = [(found["mark"] or "", found["kind"], found["text"]) for found in BLOCK.finditer(GUIDE)]
HERE = Path(__file__).parent


@pytest.fixture
def studio(sandbox: Sandbox, ana: Member) -> None:
    """What the guide tells of: Ana with her credits, two classes, a pack."""
    ana.set_password("demo-studio-2026")
    ana.save()
    give_credits(ana, 5)
    for title in ("Morning yoga", "Bouldering basics"):
        session(title=title, amount=1200)
    CreditPack.objects.create(name="One class", credits=1, amount=1400, currency="gbp", valid_days=30)


def run(console: CDPSession, text: str) -> Any:
    """Type it into the page's console, where names stay, and wait for what it answers."""
    asked = {"expression": text, "replMode": True, "awaitPromise": True, "returnByValue": True}
    told = console.send("Runtime.evaluate", asked)
    assert "exceptionDetails" not in told, told["exceptionDetails"]
    return told["result"].get("value")


def shape(value: Any) -> Any:
    """A body without what varies: the names, and the kinds of their values."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value]
    return type(value).__name__


def test_every_block_of_the_guide_does_what_it_says(visit: Visit, studio: None, ana: Member) -> None:
    assert {(mark.partition(":")[0], kind) for mark, kind, _ in BLOCKS} == {
        ("tried", "js"),
        ("is", "json"),
        ("react", "jsx"),
    }
    page = visit(path="/forgot")
    page.refusals = {401}
    console = page.context.new_cdp_session(page.page)
    for mark, kind, text in BLOCKS:
        if mark == "tried: after the card is filled in":
            fill_in(page)
        if kind == "js":
            run(console, text)
        elif kind == "json":
            answer = run(console, f"({mark.removeprefix('is: ')})")
            assert shape(answer) == shape(json.loads(text)), mark
    assert run(console, "[paid.status, cancelled.status]") == ["paid", "cancelled"]
    assert sorted(Booking.objects.values_list("status", flat=True)) == ["cancelled", "paid"]


def fill_in(page: Visitor) -> None:
    fields = {"Card number": GOOD, "Expiration": "12 / 34", "Security code": "123", "Postal code": "SW1A 1AA"}
    for label, value in fields.items():
        page.card().get_by_label(label).fill(value)


AROUND = """
import { createRoot } from "react-dom/client";
import { createElement } from "react";
import { Checkout } from "./checkout.jsx";
window.shown = (stripe, hold, settled) =>
  createRoot(document.getElementById("main")).render(createElement(Checkout, { stripe, hold, settled }));
"""


def test_the_same_in_react_pays(visit: Visit, studio: None, tmp_path: Path) -> None:
    modules = installed(HERE / "react")
    [react] = [text for _, kind, text in BLOCKS if kind == "jsx"]
    (tmp_path / "checkout.jsx").write_text(react)
    (tmp_path / "page.jsx").write_text(AROUND)
    (tmp_path / "node_modules").symlink_to(modules)
    build = [
        modules / ".bin" / "esbuild",
        "page.jsx",
        "--bundle",
        "--jsx=automatic",
        "--outfile=page.js",
        "--log-level=error",
    ]
    subprocess.run(build, cwd=tmp_path, check=True)
    page = visit(path="/forgot")

    def give(route: Route) -> None:
        route.fulfill(body=(tmp_path / "page.js").read_text(), content_type="text/javascript")

    page.page.route("**/react.js", give)
    console = page.context.new_cdp_session(page.page)
    for _, kind, text in BLOCKS:
        if kind == "js":
            run(console, text)
        if "elements.create" in text:
            break
    run(console, next(text for _, _, text in BLOCKS if "async function settled" in text).split("const paid")[0])
    run(console, 'document.getElementById("main").replaceChildren()')
    run(
        console,
        """await new Promise((loaded) => {
        document.head.append(Object.assign(document.createElement("script"), { src: "/react.js", onload: loaded }));
    })""",
    )
    run(console, "shown(stripe, hold, settled)")
    expect(page.card().get_by_label("Card number")).to_be_visible()
    fill_in(page)
    page.presses("Pay")
    page.sees("You are in!")
    assert Booking.objects.filter(status="paid", paid_with="card").count() == 1
