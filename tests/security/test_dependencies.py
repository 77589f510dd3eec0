"""Nothing is installed but what was looked at once: every requirement is one version with its hashes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = ("requirements.txt", "requirements-dev.txt")


def requirements(text: str) -> list[str]:
    """Each with the lines that belong to it, comments left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("name", LOCKED)
def test_every_requirement_is_one_version_with_its_hashes(name: str) -> None:
    found = requirements((ROOT / name).read_text())
    assert len(found) > 40
    for one in found:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==[^\s;]+ ", one), one
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", one), one


@pytest.mark.parametrize("name", LOCKED)
def test_what_is_asked_for_is_locked(name: str) -> None:
    asked = re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", (ROOT / name.replace(".txt", ".in")).read_text(), re.M)
    locked = {re.split(r"[\[=]", one)[0] for one in requirements((ROOT / name).read_text())}
    assert {one.lower().replace("_", "-") for one in asked} <= locked


def test_make_installs_only_what_has_a_hash() -> None:
    """Pip asks for hashes as soon as one requirement has one; said aloud, it does so whatever the files say."""
    text = (ROOT / "Makefile").read_text()
    assert re.search(r"^PIP := .* install .*--require-hashes", text, re.M)
    installs = re.findall(r"pip\S* .*install|uv pip install", text)
    assert len(installs) == 1
