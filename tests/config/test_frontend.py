"""How the reference frontend is served: as it is, under a strict policy, small."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from config import frontend
from tests.cast import Caller

WEB = Path(__file__).resolve().parents[2] / "web"
# What a first visit loads: the page names all of it, so that nothing is found out late.
FIRST_PAGE = ("first.js", "app.js", "api.js", "page.js", "words.js", "texts.js", "studio.js", "schedule.js", "seat.js")


def fetched(anyone: Caller, address: str, **headers: str) -> tuple[Any, bytes]:
    """An answer, read to its end and closed."""
    answer = anyone.http.get(address, headers=headers)
    body = answer.getvalue()
    answer.close()
    return answer, body


def test_the_page_opens_on_the_studio_and_lets_in_stripe_alone(anyone: Caller) -> None:
    page, _ = fetched(anyone, "/")
    policy = dict(part.split(" ", 1) for part in page["Content-Security-Policy"].split("; "))
    assert (page.status_code, page["Content-Type"]) == (200, 'text/html; charset="utf-8"')
    assert "unsafe" not in page["Content-Security-Policy"]
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self' https://js.stripe.com https://*.js.stripe.com"
    assert policy["connect-src"] == "'self' https://api.stripe.com"
    assert policy["frame-ancestors"] == "'none'"
    assert (page["Referrer-Policy"], page["X-Content-Type-Options"]) == ("same-origin", "nosniff")


def test_beside_the_sandbox_the_policy_lets_in_the_sandbox_instead(settings: Any) -> None:
    settings.STRIPE_JS = "http://127.0.0.1:12111/stripe.js"
    assert "stripe.com" not in frontend.policy()
    assert "script-src 'self' http://127.0.0.1:12111;" in f"{frontend.policy()};"


@pytest.mark.parametrize("path", sorted(WEB.iterdir()), ids=lambda path: path.name)
def test_every_file_is_served_compressed_and_asked_for_anew_only_when_it_changed(anyone: Caller, path: Path) -> None:
    address = "/" if path.name == "index.html" else f"/{path.name}"
    sent, body = fetched(anyone, address, **{"Accept-Encoding": "gzip"})
    assert (gzip.decompress(body) if sent.headers.get("Content-Encoding") == "gzip" else body) == path.read_bytes()
    assert "Content-Encoding" in sent.headers or path.stat().st_size < 300
    again, _ = fetched(anyone, address, **{"Accept-Encoding": "gzip", "If-None-Match": sent["ETag"]})
    assert again.status_code == 304


def test_no_answer_of_the_api_is_compressed(anyone: Caller) -> None:
    """Compressed beside a stranger's words, a secret could be guessed by the length."""
    assert "Content-Encoding" not in anyone.http.get("/api/schema/", headers={"Accept-Encoding": "gzip"})


def test_all_of_it_is_under_sixty_kilobytes_on_the_wire_and_so_is_a_first_visit_unpacked() -> None:
    files = {path.name: path.read_bytes() for path in WEB.iterdir()}
    assert sum(len(gzip.compress(text)) for text in files.values()) < 60_000
    first = ("index.html", "style.css", "icon.svg", *FIRST_PAGE)
    assert sum(len(files[name]) for name in first) < 60_000
    for name in FIRST_PAGE:
        assert f'href="{name}"' in files["index.html"].decode()
