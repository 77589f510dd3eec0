"""`python -m tests.mutation`: see `--help`."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.mutation import desk, results

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".run" / "mutation"
SECONDS = FOLDER / "seconds.txt"


def main(arguments: list[str]) -> int:
    """Try the mutants; 1 when too few were killed, or when a run of one ended in no answer."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation", description="Small faults put into the code that moves seats and money."
    )
    parser.add_argument("mutants", nargs="*", help="only these, by name or pattern; every one when left out")
    parser.add_argument("--keep", action="store_true", help="keep what is known of functions that did not change")
    parser.add_argument("--workers", type=int, default=2, help="how many at a time (default: %(default)s)")
    parser.add_argument("--survivors", action="store_true", help="those not killed and not explained yet")
    parser.add_argument("--report", action="store_true", help="try nothing; tell the last run again")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    if not options.report:
        names = results.to_try_again() if options.survivors else []
        names += options.mutants
        if not names and not options.keep:
            shutil.rmtree(ROOT / "mutants", ignore_errors=True)
            SECONDS.unlink(missing_ok=True)
        if not _mutmut(names, options.workers):
            return 2
    return results.tell(results.read(), seconds=_in_all(time.monotonic() - started))


def _in_all(seconds: float) -> float:
    """With those of the runs before it, whose mutants are counted too."""
    seconds += float(SECONDS.read_text()) if SECONDS.exists() else 0.0
    FOLDER.mkdir(parents=True, exist_ok=True)
    SECONDS.write_text(f"{seconds:.1f}")
    return seconds


def _mutmut(names: list[str], workers: int) -> bool:
    FOLDER.mkdir(parents=True, exist_ok=True)
    template = FOLDER / desk.TEMPLATE
    for old in FOLDER.glob(f"{template.name}*"):
        old.unlink()
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{template}"}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
    with ExitStack() as running:
        sandboxes = [running.enter_context(_sandbox()) for _ in range(workers)]
        environment |= {"DATABASE_URL": "", desk.SANDBOXES: ",".join(sandboxes), desk.FOLDER: str(FOLDER)}
        command = [Path(sys.executable).with_name("mutmut"), "run", "--max-children", str(workers), *names]
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


@contextmanager
def _sandbox() -> Iterator[str]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--retry-scale", "0.01"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
