"""The sandbox's Stripe.js against the types of @stripe/stripe-js."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.node import installed
from tests.sandbox.conftest import ROOT


def check(folder: Path, scripts: Path) -> str:
    """What the type checker has to say; nothing is what is hoped for."""
    modules = installed()
    options = {
        "target": "es2024",
        "lib": ["es2024", "dom", "dom.iterable"],
        "module": "esnext",
        "moduleResolution": "bundler",
        "allowJs": True,
        "checkJs": True,
        "noEmit": True,
        "strict": True,
        "types": [],
        "skipLibCheck": True,
        "paths": {
            "@stripe/stripe-js": [str(modules / "@stripe/stripe-js/dist/index.d.ts")],
            "/stripe_js/*": [f"{scripts}/frames/*"],
        },
    }
    include = [f"{scripts}/**/*.js", str(Path(__file__).parent / "stripe_js_types.ts")]
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": include}))
    command = [str(modules / ".bin/tsc"), "-p", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout


def test_what_is_offered_is_what_stripe_says_it_is(tmp_path: Path) -> None:
    assert check(tmp_path, ROOT / "sandbox" / "stripe_js") == ""


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("elements.js", 'return { selectedPaymentMethod: "card" };', "return { selectedPaymentMethod: 4242 };"),
        ("elements.js", "   * @returns {Promise<void>}", "   * @returns {void}"),
        ("stripe.js", "   * @returns {Promise<never | { error: StripeError }>}", "   * @returns {Promise<string>}"),
        ("payment_element.js", "  focus() {", "  focussed() {"),
    ],
    ids=["wrong value", "no promise", "wrong result", "missing member"],
)
def test_a_wrong_type_is_noticed(tmp_path: Path, file: str, right: str, wrong: str) -> None:
    scripts = tmp_path / "stripe_js"
    shutil.copytree(ROOT / "sandbox" / "stripe_js", scripts)
    script = scripts / "host" / file
    text = script.read_text()
    assert right in text
    script.write_text(text.replace(right, wrong, 1))
    assert "error TS" in check(tmp_path, scripts)
