"""When everything is calm, the program's own two judges agree with this one."""

from collections.abc import Iterator

from tests.chaos.laws.findings import Finding
from tests.chaos.operators import COMPARE, JUDGE
from tests.chaos.world import World


def the_programs_own_judges_find_nothing(world: World) -> Iterator[Finding]:
    for command in (COMPARE, JUDGE):
        said = [deed.outcome for deed in world.notebook.deeds if deed.who == "cron" and deed.what == command]
        if not said or not said[-1].endswith("(exit 0)"):
            yield Finding("judges", f"{command}: {said[-1] if said else 'was not run'}")
