"""How many payment intents the sandbox creates in a second, empty and with 10,000 of them, and what they weigh.

    python -m bench.sandbox [--creates 1000] [--rounds 3] [--connections 8]

The sandbox runs in a process of its own, the client in this one, over connections that stay open. Besides the rate by
the clock it prints the rate by the sandbox's processor time, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from bench import processor

FULL = 10_000


@dataclass(frozen=True)
class Running:
    """A sandbox in a process of its own."""

    process: int
    port: int

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """The seconds of processor time it has used."""
        return processor.seconds(self.process)

    def megabytes(self) -> float:
        """The memory it occupies."""
        pages = int(Path(f"/proc/{self.process}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def sandbox(*options: str) -> Iterator[Running]:
    """A sandbox that serves until the block ends."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        try:
            yield Running(process.pid, int(ready.rpartition(":")[2]))
        finally:
            process.terminate()


def request(port: int, number: int) -> bytes:
    """One create as a program sends it, under a key of its own."""
    form = {
        "amount": 1500,
        "currency": "gbp",
        "allowed_payment_method_types[0]": "card",
        "metadata[booking_id]": number,
        "metadata[env]": "bench",
    }
    body = urlencode(form)
    lines = (
        "POST /v1/payment_intents HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Authorization: Bearer sk_test_bench",
        "Stripe-Version: 2026-10-28.endive",
        f"Idempotency-Key: bench:{os.getpid()}:{number}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


async def create(port: int, numbers: Iterator[int]) -> None:
    """Create one intent for each number, one after the other, over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in numbers:
        writer.write(request(port, number))
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(head.partition("content-length: ")[2].split()[0]))
        if " 200 " not in head.splitlines()[0]:
            raise SystemExit(f"the sandbox answered {head.splitlines()[0]}")
    writer.close()


async def rounds(running: Running, options: argparse.Namespace, numbers: Iterator[int]) -> tuple[float, float]:
    """The median creates a second, by the clock and by processor time."""
    by_clock, by_cpu = [], []
    for _ in range(options.rounds):
        began, used = time.perf_counter(), running.cpu()
        await several(running, options, numbers, options.creates)
        by_clock.append(options.creates / (time.perf_counter() - began))
        by_cpu.append(options.creates / max(running.cpu() - used, processor.ONE_TICK))
    return statistics.median(by_clock), statistics.median(by_cpu)


async def several(running: Running, options: argparse.Namespace, numbers: Iterator[int], count: int) -> None:
    """Create that many intents over all connections at once."""
    shared = (next(numbers) for _ in range(count))
    await asyncio.gather(*(create(running.port, shared) for _ in range(options.connections)))


async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take every webhook of one connection and answer 200."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            await reader.readexactly(int(head.partition("content-length: ")[2].split()[0]))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        writer.close()


async def measure(options: argparse.Namespace, *, webhooks: bool) -> None:
    """Print the rates of one sandbox, with a receiver of webhooks or without."""
    server = await asyncio.start_server(receive, "127.0.0.1", 0)
    receiver = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    with sandbox(*(("--webhook-url", receiver) if webhooks else ())) as running:
        numbers = iter(range(10**9))
        empty = running.megabytes()
        show("empty", *await rounds(running, options, numbers), running)
        await several(running, options, numbers, FULL)
        show(f"with {FULL:,} intents and more", *await rounds(running, options, numbers), running)
        print(f"  {running.megabytes() - empty:.0f} MB for {next(numbers):,} intents and their events")
    server.close()


def show(what: str, by_clock: float, by_cpu: float, running: Running) -> None:
    """Print one line of figures."""
    print(f"  {what}: {by_clock:,.0f} creates/s ({by_cpu:,.0f} by processor time), {running.megabytes():.0f} MB")


def main() -> None:
    """Measure without webhooks, then with."""
    parser = argparse.ArgumentParser(prog="python -m bench.sandbox", description="Creates a second of the sandbox.")
    parser.add_argument("--creates", type=int, default=1000, help="in each round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="whose median counts (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=8, help="that stay open (default: %(default)s)")
    options = parser.parse_args()
    for webhooks in (False, True):
        print("with a receiver of webhooks:" if webhooks else "without webhooks:", flush=True)
        asyncio.run(measure(options, webhooks=webhooks))


if __name__ == "__main__":
    main()
