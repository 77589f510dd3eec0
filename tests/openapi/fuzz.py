"""`python -m tests.openapi.fuzz --cases 10000`: the made-up requests of the suite, many more of them; see `--help`."""

import argparse
import os
import subprocess
import sys

from tests.evidence.record import ROOT


def main(arguments: list[str]) -> int:
    """Send the requests to the program on SQLite, and write the record; 1 when an answer was not as documented."""
    parser = argparse.ArgumentParser(prog="python -m tests.openapi.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="how many requests at least (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same requests (default: 1)")
    options = parser.parse_args(arguments)
    chosen = {"FUZZ_CASES": str(options.cases), "FUZZ_SEED": str(options.seed)}
    environment = {"DATABASE_URL": "", **os.environ, **chosen}
    command = [sys.executable, "-m", "pytest", "tests/openapi/test_fuzz.py", "-p", "no:randomly", "-s"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
