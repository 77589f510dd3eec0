"""Storms over the whole program, written down: `python -m tests.evidence.storms --seeds 20`."""

import argparse
import sys
import time
from collections import Counter

from tests.chaos import plot, sights
from tests.chaos.run import FOLDER, chaos
from tests.evidence.record import Plot, Record, write

COLUMNS = [
    "seed",
    "bookings",
    "paid by card",
    "freed",
    "faults met",
    "webhooks lost",
    "killed",
    "no answer",
    "findings",
]


def main(arguments: list[str]) -> int:
    """Run the seeds 1 to N, write the record; 1 when a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.evidence.storms")
    parser.add_argument("--seeds", type=int, default=20)
    seeds = parser.parse_args(arguments).seeds
    began, rows = time.monotonic(), []
    with chaos() as storms:
        for seed in range(1, seeds + 1):
            world, findings = storms.run(seed)
            plot.draw(world, len(findings), FOLDER)
            ended = Counter(row["status"] for row in world.bookings.values())
            card = sum(row["paid_with"] == "card" for row in world.bookings.values() if row["status"] == "paid")
            lost = [kind for _, kind in sights.news_spoilt(world)].count("webhook: lost")
            unheard = sum(answer.status is None for answer in world.notebook.answers)
            killed = sum(deed.who == "power" for deed in world.notebook.deeds)
            faults = len(sights.faults_met(world))
            rows.append([seed, len(world.bookings), card, ended["freed"], faults, lost, killed, unheard, len(findings)])
            print(dict(zip(COLUMNS, rows[-1], strict=True)), *findings, sep="\n    ", flush=True)
    broken = sum(row[-1] for row in rows)
    write(
        Record(
            part="chaos",
            title="Storms over the whole program",
            tried="Each seed lets 40 members, spoilt requests, lost, doubled and forged webhooks and killed processes "
            "loose on the real server, then lets the commands repair; laws in plain SQL judge what is left.",
            command=f"make chaos SEEDS={seeds}",
            count=seeds,
            unit="storms",
            findings=broken,
            seconds=round(time.monotonic() - began, 1),
            columns=COLUMNS,
            rows=rows,
            plots=[
                Plot(
                    name="chaos",
                    title="What each storm did to the program",
                    x_label="seed",
                    y_label="how often",
                    x=[row[0] for row in rows],
                    series={
                        "faults met": [row[4] for row in rows],
                        "requests without an answer": [row[7] for row in rows],
                        "laws broken": [row[8] for row in rows],
                    },
                    kind="bar",
                )
            ],
        )
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
