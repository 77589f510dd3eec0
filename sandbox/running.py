"""Serving until told to stop, alone or beside a command."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from sandbox import environment
from sandbox.faults.script import Fault
from sandbox.server import Server
from sandbox.state import Sandbox, Targets

_GRACE_SECONDS = 3.0

Faults = Sequence[dict[str, Any]]  # their scripts


async def serve(targets: Targets, *, port: int, faults: Faults = ()) -> int:
    """Serve until SIGINT or SIGTERM, with the faults scripted; OSError when the port is taken."""
    stopped = asyncio.Event()
    _on_signals(lambda _: stopped.set())
    async with Server(_sandbox(targets, faults), port=port) as server:
        _announce(server.sandbox)
        await stopped.wait()
    return 0


async def run(command: list[str], targets: Targets, *, port: int, faults: Faults = ()) -> int:
    """Serve while the command runs; answers its exit status, as a shell counts it. Leaves none of its processes."""
    sandbox = _sandbox(targets, faults)
    async with Server(sandbox, port=port):
        whole = environment.pointed(os.environ, sandbox.base_url)
        targets.content_kinds = environment.kinds_by_sid(whole["TWILIO_CONTENT_SIDS"])
        sandbox.on_message = _printer(targets.content_kinds)
        targets.twilio_sid, targets.twilio_token = whole["TWILIO_ACCOUNT_SID"], whole["TWILIO_AUTH_TOKEN"]
        targets.twilio_from = whole["TWILIO_WHATSAPP_FROM"]
        _announce(sandbox)
        return await _accompany(command, whole)


def _sandbox(targets: Targets, faults: Faults) -> Sandbox:
    sandbox = Sandbox(targets)
    sandbox.faults.faults.extend(Fault.scripted(script) for script in faults)
    return sandbox


def _announce(sandbox: Sandbox) -> None:
    print(f"sandbox ready on {sandbox.base_url}\nits console: {sandbox.base_url}/", flush=True)


async def _accompany(command: list[str], environ: dict[str, str]) -> int:
    early: list[int] = []
    process: asyncio.subprocess.Process | None = None

    # One handler for the whole life of the command: a signal that comes while it starts is passed on once it runs.
    def pass_on(number: int) -> None:
        if process is None:
            early.append(number)
        else:
            _signal(process.pid, number)

    _on_signals(pass_on)
    try:
        # A session of its own, so that everything the command starts can be reached and ended together.
        process = await asyncio.create_subprocess_exec(*command, env=environ, start_new_session=True)
    except OSError as error:
        print(f"sandbox: {command[0]}: {error.strerror}", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126
    for number in early:
        _signal(process.pid, number)
    try:
        status = await process.wait()
    finally:
        await _end_group(process.pid)
    return 128 - status if status < 0 else status


async def _end_group(group: int) -> None:
    # A process that has ended still counts until it is reaped; where nobody is quick about that, the grace bounds it.
    for number, patience in ((signal.SIGTERM, _GRACE_SECONDS), (signal.SIGKILL, 0.0)):
        if not _signal(group, number):
            return
        until = asyncio.get_running_loop().time() + patience
        while asyncio.get_running_loop().time() < until and _signal(group, 0):
            await asyncio.sleep(0.05)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _on_signals(act: Callable[[int], object]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, act, number)


def _printer(kinds: dict[str, str]) -> Callable[[dict[str, Any]], None]:
    def show(message: dict[str, Any]) -> None:
        sid = message["content_sid"]
        what = kinds.get(sid, sid) if sid else "text"
        print(f"WhatsApp to {message['to'].removeprefix('whatsapp:')} | {what} | {message['body']}", flush=True)

    return show


def listen(serving: Coroutine[Any, Any, int], *, port: int) -> int:
    """Run it to its end; answers its exit status, or 1 with a sentence when the port is taken."""
    try:
        return asyncio.run(serving)
    except OSError as error:
        print(f"sandbox: cannot listen on 127.0.0.1:{port}: {error.strerror}", file=sys.stderr)
        return 1
