"""The npm packages of this folder, installed once; skipped, with a reason, where npm is missing."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def installed(folder: Path = HERE) -> Path:
    """The folder's `node_modules`, filled by npm when its `package.json` is newer; skips where that cannot be."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing: install Node.js to run the clients of other makers against the sandbox")
    modules = folder / "node_modules"
    stamp, wanted = modules / ".stamp", folder / "package.json"
    (HERE.parents[1] / ".run").mkdir(exist_ok=True)
    with (HERE.parents[1] / ".run" / "npm.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.stat().st_mtime < wanted.stat().st_mtime:
            command = [
                "npm",
                "install",
                "--no-package-lock",
                "--no-fund",
                "--no-audit",
                "--ignore-scripts",
                "--loglevel=error",
            ]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
            if done.returncode:
                pytest.skip(f"npm could not install the clients of other makers: {done.stderr.strip()[-300:]}")
            stamp.touch()
    return modules
