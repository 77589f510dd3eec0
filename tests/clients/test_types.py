"""The types that a client's maker draws from `docs/openapi.yaml`, and a frontend that compiles against them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.node import HERE, installed
from tests.openapi.document import FILE

FOLDER = HERE / "types"
STRICT = ("--noEmit", "--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes")
TARGET = ("--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler")


@pytest.fixture(scope="module")
def frontend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated types and the sources that use them."""
    folder = tmp_path_factory.mktemp("frontend")
    for source in FOLDER.glob("*.ts"):
        shutil.copy(source, folder)
    run("openapi-typescript", FILE, "--output", folder / "api.d.ts")
    return folder


def run(tool: str, *words: str | Path) -> None:
    done = subprocess.run(
        [installed(FOLDER) / ".bin" / tool, *words], cwd=FOLDER, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("source", ["journey.ts", "wrong.ts"])
def test_a_frontend_compiles_against_the_generated_types(frontend: Path, source: str) -> None:
    run("tsc", *STRICT, *TARGET, frontend / source)
