"""`python -m tests.chaos`: see `--help`."""

import argparse
import sys

from tests.chaos import plot, report
from tests.chaos.database import ROOT
from tests.chaos.run import FOLDER, VISITS, chaos


def main(arguments: list[str]) -> int:
    """Run the seeds that were asked for; 1 when a law was broken."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description="Storms over the whole program, and the judgement of its laws."
    )
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="run the seeds 1 to N (default: 20)")
    parser.add_argument("--seed", type=int, metavar="N", help="run this seed alone")
    parser.add_argument("--visits", type=int, default=VISITS, help="how many members come (default: %(default)s)")
    parser.add_argument("--without", default="", help="do without a promise: order, signature or key")
    options = parser.parse_args(arguments)
    seeds = [options.seed] if options.seed is not None else range(1, options.seeds + 1)
    broken = 0
    with chaos() as storms:
        for seed in seeds:
            world, findings = storms.run(seed, visits=options.visits, without=options.without)
            print(report.line(world, findings), flush=True)
            plot.draw(world, len(findings), FOLDER)
            if findings:
                print(report.accusation(world, findings), flush=True)
            broken += len(findings)
    print(f"chaos: {len(seeds)} storms, {broken} findings; plots in {FOLDER.relative_to(ROOT)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
