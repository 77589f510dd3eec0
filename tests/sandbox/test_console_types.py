"""The console's modules keep what their annotations promise."""

import subprocess

from sandbox.console.routes import PAGE
from tests.clients.node import installed

OPTIONS = ("--allowJs", "--checkJs", "--strict", "--noEmit", "--target", "es2023", "--module", "es2022",
           "--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable", "--types", "")  # fmt: skip


def test_the_modules_of_the_page_are_sound() -> None:
    modules = sorted(PAGE.glob("*.js"))
    compiler = installed() / ".bin" / "tsc"
    checked = subprocess.run([compiler, *OPTIONS, *modules], capture_output=True, text=True, timeout=120, check=False)
    assert checked.returncode == 0, checked.stdout
    assert all(len(module.read_text().splitlines()) < 200 for module in modules)
