"""Runs test files and writes down what they tried: `python -m tests.evidence.cases <part> <title> <file>…`."""

import argparse
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from tests.evidence.record import ROOT, Record, write


def main(arguments: list[str]) -> int:
    """Run them, write the record; 1 when a test failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.evidence.cases")
    parser.add_argument("part")
    parser.add_argument("title")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args(arguments)
    report = ROOT / ".run" / f"{options.part}.xml"
    report.parent.mkdir(exist_ok=True)
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options.files, f"--junitxml={report}"], cwd=ROOT, check=False
    )
    cases, failures = _counted(report)
    database = "PostgreSQL" if os.environ.get("DATABASE_URL", "").startswith("postgres") else "SQLite"
    write(
        Record(
            part=options.part,
            title=options.title,
            tried=f"Each case in a database of its own, over HTTP or by the real commands, on {database}.",
            command=f"pytest {' '.join(options.files)}",
            count=sum(cases.values()),
            unit="cases",
            findings=sum(failures.values()),
            seconds=round(time.monotonic() - began, 1),
            columns=["what is tried", "cases", "failed"],
            rows=[[name, number, failures[name]] for name, number in cases.items()],
        )
    )
    return ended.returncode


def _counted(report: Path) -> tuple[dict[str, int], dict[str, int]]:
    """By test: how many cases were run, and how many of them failed."""
    cases: dict[str, int] = defaultdict(int)
    failures: dict[str, int] = defaultdict(int)
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = case.attrib["name"].split("[")[0].removeprefix("test_").replace("_", " ")
        if case.find("skipped") is None:
            cases[name] += 1
            failures[name] += case.find("failure") is not None or case.find("error") is not None
    return cases, failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
