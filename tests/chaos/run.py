"""Storms, one after another, over one studio and one sandbox."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos import plan
from tests.chaos.database import ROOT, Studio
from tests.chaos.house import Sandbox
from tests.chaos.laws.court import judged
from tests.chaos.laws.findings import Finding
from tests.chaos.storm import weathered
from tests.chaos.world import World

FOLDER = ROOT / ".run" / "chaos"
SECONDS = 6.0
VISITS = 150


class Chaos:
    """One studio and one sandbox, through one storm after another."""

    def __init__(self, studio: Studio, sandbox: Sandbox, folder: Path) -> None:
        self.studio = studio
        self.sandbox = sandbox
        self.folder = folder

    def run(
        self, seed: int, *, visits: int = VISITS, seconds: float = SECONDS, without: str = ""
    ) -> tuple[World, list[Finding]]:
        """The world after the storm of that seed, and what breaks a law in it."""
        drawn = plan.drawn_up(seed, number=visits, seconds=seconds, members=len(self.studio.members), without=without)
        world = asyncio.run(weathered(drawn, self.studio, self.sandbox, folder=self.folder))
        return world, judged(world)


@contextmanager
def chaos(folder: Path = FOLDER) -> Iterator[Chaos]:
    """Everything that the storms share; ended with the block."""
    studio = Studio(folder, os.environ.get("DATABASE_URL", ""))
    try:
        sandbox = Sandbox()
        try:
            yield Chaos(studio, sandbox, folder)
        finally:
            sandbox.stop()
    finally:
        studio.close()
