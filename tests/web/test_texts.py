"""Every word of the page stands in one file, and every one of them is used."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from members.models import Member
from tests.cast import give_credits, session
from tests.web.visitor import Visit

WEB = Path(__file__).resolve().parents[2] / "web"
SOURCES = {path.name: path.read_text() for path in WEB.glob("*.js") if not path.name.startswith("texts")}
TRANSLATIONS = sorted(path.name for path in WEB.glob("texts.*.js"))
READ = "import(process.argv[1]).then(({ texts }) => console.log(JSON.stringify(texts)))"
FORMS = {"one", "other"}
# Chosen by what the API says: a booking's state, a reason, a code.
CHOSEN = ("state.", "booking.reason.", "wallet.kind.", "refused.")


def texts(name: str = "texts.js") -> dict[str, Any]:
    ran = subprocess.run(["node", "-e", READ, str(WEB / name)], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def names(part: dict[str, Any], before: str = "") -> set[str]:
    """The names of all texts, as `t` is asked for them."""
    found = set()
    for name, value in part.items():
        is_text = isinstance(value, str) or set(value) <= FORMS
        found |= {before + name} if is_text else names(value, f"{before}{name}.")
    return found


def test_every_text_that_is_asked_for_is_there_and_none_is_idle() -> None:
    code = "\n".join(SOURCES.values())
    there = names(texts())
    asked = set(re.findall(r'"((?:[a-z]\w*\.)+[a-zA-Z]\w*)"', code)) | set(re.findall(r'\bt\("([^"]+)"', code))
    asked = {name for name in asked if not name.endswith((".js", ".svg"))}
    assert asked <= there, "asked for, and not there"
    composed = set(re.findall(r"`((?:\w+\.)+)\$\{", code))
    idle = {name for name in there - asked if not name.startswith((*CHOSEN, *composed))}
    last = {name for name in idle if not re.search(rf"\b{name.rpartition('.')[2]}\b", code)}
    assert last == set(), "there, and never asked for"


def blanks(part: Any) -> Any:
    """The same tree with what is filled into each text."""
    if isinstance(part, str):
        return sorted(re.findall(r"\{\w+\}", part))
    return {name: blanks(value) for name, value in part.items()}


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_a_translation_has_every_text_with_what_is_filled_in(name: str) -> None:
    assert blanks(texts(name)) == blanks(texts())


def test_a_visitor_reads_their_own_language(visit: Visit, ana: Member) -> None:
    give_credits(ana, 2)
    session(title="8", amount=1500)
    page = visit(ana, locale="de-AT")
    page.sees("10 Plätze frei")
    page.sees("2 Guthaben")
    assert page.page.evaluate("document.documentElement.lang") == "de"
    page.shows("schedule-german")


def test_translated_no_word_of_the_old_language_is_left(visit: Visit, ana: Member) -> None:
    give_credits(ana, 1)
    session(title="8", instructor="", location="")
    page = visit(ana, "/forgot")

    def translated(route: Route) -> None:
        text = (WEB / "texts.js").read_text()
        strange = re.sub(r'"([^"]*)"', lambda found: json.dumps(strangely(found[1])), text)
        route.fulfill(body=strange, content_type="text/javascript")

    page.page.route("**/texts.js", translated)
    page.page.reload()
    for path in ("/", "/bookings", "/credits", "/account"):
        page.goes(path)
        expect(page.page.get_by_role("heading", level=1)).to_contain_text("ø")
        page.page.wait_for_load_state("networkidle")
        words = re.findall(r"[A-Za-z]{3,}", page.page.locator("header, main").all_inner_texts()[1])
        assert set(words) <= KNOWN, path


# What is no word of the page: names, days, the zone, the notes of staff, an address.
KNOWN = {"Ana", "ana", "example", "com", "test", "Europe", "London", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
         "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Sept", "Oct", "Nov", "Dec"}  # fmt: skip


def strangely(text: str) -> str:
    """The text in a language of strange letters; what is filled in keeps its name."""
    return re.sub(r"\{\w+\}|[A-Za-z]+", lambda found: found[0] if found[0][0] == "{" else "ø" * len(found[0]), text)
