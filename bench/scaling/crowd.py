"""Clients that ask one thing after the other, and what the processes that serve them have used of the processors."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import psycopg

from bench import processor
from tests.failover.pair import children

COMMITS = 200


@dataclass(frozen=True)
class Ask:
    """One request."""

    method: str
    url: str
    token: str = ""
    body: dict[str, Any] | None = None


@dataclass
class Answers:
    """What came of them."""

    statuses: Counter[int] = field(default_factory=Counter)
    bodies: list[Any] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second that were no refusal."""
        return sum(count for status, count in self.statuses.items() if status < 400) / self.seconds


def ask(asks: Iterable[Ask], *, clients: int) -> Answers:
    """All of it, by so many clients, each over a connection of its own that stays open."""
    return asyncio.run(_together(iter(asks), clients))


async def _together(asks: Iterator[Ask], clients: int) -> Answers:
    answers, began = Answers(), time.perf_counter()
    await asyncio.gather(*(_client(asks, answers) for _ in range(clients)))
    answers.seconds = time.perf_counter() - began
    return answers


async def _client(asks: Iterator[Ask], answers: Answers) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        for one in asks:
            headers = {"X-Session-Token": one.token} if one.token else {}
            async with http.request(one.method, one.url, json=one.body, headers=headers) as answer:
                answers.statuses[answer.status] += 1
                answers.bodies.append(await answer.json() if one.method != "GET" else await answer.read())


def processor_seconds(process: int) -> float:
    """Of a process and of those that it has started, what has ended included."""
    return processor.seconds_with_ended(process) + sum(processor.seconds(one) for one in children(process))


def commit_milliseconds(url: str) -> float:
    """Until one small transaction is on the disk, in the middle of some hundred."""
    took = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_commit (at timestamptz)")
        for _ in range(COMMITS):
            began = time.perf_counter()
            connection.execute("INSERT INTO bench_commit VALUES (now())")
            took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000
