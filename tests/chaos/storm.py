"""One seed from the first member to the last repair: the storm, what comes after it, and what is then to be judged."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from tests.chaos.aftermath import Aftermath
from tests.chaos.aging import Aging
from tests.chaos.crowd import Crowd, Visitor
from tests.chaos.database import Database, Studio
from tests.chaos.house import House, Sandbox, connections
from tests.chaos.notebook import Clock, Notebook
from tests.chaos.operators import Operators
from tests.chaos.payers import WEBHOOK, Payers
from tests.chaos.plan import Plan
from tests.chaos.world import World, observed


async def weathered(plan: Plan, studio: Studio, sandbox: Sandbox, *, folder: Path) -> World:
    """Run the plan over a fresh copy of the studio; the world as it stands when everything is calm again."""
    database = studio.copy(f"seed-{plan.name}")
    log = folder / f"seed-{plan.name}.log"
    house = House(database=database.url, sandbox=sandbox.base, log=log, without=plan.without, policies=plan.policies)
    try:
        house.open()
        return await _run(plan, studio, sandbox, house, database)
    finally:
        house.close()


async def _run(plan: Plan, studio: Studio, sandbox: Sandbox, house: House, database: Database) -> World:
    async with connections() as http:
        await sandbox.control(http, "POST", "reset")
        await sandbox.control(http, "POST", "configure", webhook_url=house.base + WEBHOOK, seed=plan.seed)
        notebook = Notebook(Clock())
        aging = Aging(database, notebook)
        crowd = Crowd(http, house, {"members": studio.members, "staff": studio.staff}, notebook)
        payers = Payers(http, sandbox, house, notebook)
        operators = Operators(house, database, aging, notebook)
        await crowd.open_sessions(plan.sessions)
        notebook.clock.start()
        await _storm(plan, notebook, crowd, payers, operators, aging, sandbox)
        notebook.over = notebook.clock.now()
        await Aftermath(sandbox, payers, crowd, operators, aging, database).repair()
        await asyncio.to_thread(house.stop)
        notebook.ended = notebook.clock.now()
        return await observed(plan, database, sandbox, http, notebook, house.log)


async def _storm(
    plan: Plan, notebook: Notebook, crowd: Crowd, payers: Payers, operators: Operators, aging: Aging, sandbox: Sandbox
) -> None:
    async def at(moment: float, act: Coroutine[Any, Any, Any]) -> None:
        await asyncio.sleep(moment - notebook.clock.now())
        await act

    acts = [at(visit.at, Visitor(visit, crowd, payers, aging).come()) for visit in plan.visits]
    acts += [at(grant.at, crowd.grant(grant, number)) for number, grant in enumerate(plan.grants)]
    acts += [at(errand.at, operators.do(errand)) for errand in plan.errands]
    acts += [at(moment, sandbox.control(crowd.http, "POST", "faults", **fault)) for moment, fault in plan.weather]
    await asyncio.gather(*acts)
