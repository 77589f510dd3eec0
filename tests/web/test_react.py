"""The React page of `docs/frontend.md`, built as its reader would build it, with the real @stripe/react-stripe-js."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from booking.models import Booking
from members.models import Member
from tests.cast import session
from tests.clients.node import installed
from tests.web import guide
from tests.web.test_guide import policy, serve
from tests.web.visitor import DECLINED, GOOD, Visit

__all__ = ["policy"]
HERE = Path(__file__).parent
PAGE = '<!doctype html><html lang="en"><title>Book</title><link rel="icon" href="data:,"><main></main>'
BUILD = ("--bundle", "--format=esm", "--target=es2022", "--jsx=automatic", '--define:process.env.NODE_ENV="production"')


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page's one script, bundled."""
    modules = installed(HERE / "react").resolve()
    folder = tmp_path_factory.mktemp("react")
    (folder / "page.jsx").write_text(guide.block("react"))
    (folder / "holdfast.js").write_text(guide.module())
    command = [modules / ".bin" / "esbuild", "page.jsx", *BUILD]
    environment = {**os.environ, "NODE_PATH": str(modules)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_card_pays_on_the_page_made_with_react(visit: Visit, ana: Member, policy: str, built: str) -> None:
    yoga, spin = session(), session(title="Spin")
    page = visit(ana)
    serve(page, policy, {"react.html": f'{PAGE}<script type="module" src="react.js"></script>', "react.js": built})
    page.page.goto(f"{page.base}/react.html")
    page.presses("Book Yoga")
    page.pays_with(GOOD)
    page.sees("You are in!")
    assert Booking.objects.get(session=yoga).status == "paid"
    assert not Booking.objects.filter(session=spin).exists()


def test_a_declined_card_is_told_there(visit: Visit, ana: Member, policy: str, built: str) -> None:
    session()
    page = visit(ana)
    page.refusals = {402}
    serve(page, policy, {"react.html": f'{PAGE}<script type="module" src="react.js"></script>', "react.js": built})
    page.page.goto(f"{page.base}/react.html")
    page.presses("Book Yoga")
    page.pays_with(DECLINED)
    page.sees(re.compile("declined|The seat went back"))
