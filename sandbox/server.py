"""The application and the listening socket, on this machine only."""

from __future__ import annotations

from typing import Self

from aiohttp import web

from sandbox.console import routes as console
from sandbox.control import routes as control
from sandbox.loopback import this_machine_only
from sandbox.state import SANDBOX, Sandbox
from sandbox.stripe import api as stripe_api
from sandbox.stripe_js import routes as stripe_js
from sandbox.twilio import api as twilio_api

HOST = "127.0.0.1"


def application(sandbox: Sandbox) -> web.Application:
    """Everything the sandbox serves, over one state."""
    app = web.Application(middlewares=[this_machine_only], client_max_size=1024 * 1024)
    app[SANDBOX] = sandbox
    stripe_api.add_routes(app.router)
    stripe_js.add_routes(app.router)
    twilio_api.add_routes(app.router)
    control.add_routes(app.router)
    console.add_routes(app)
    return app


class Server:
    """A sandbox that listens; use it as an async context manager."""

    def __init__(self, sandbox: Sandbox, *, port: int) -> None:
        self.sandbox = sandbox
        self._port = port
        # Requests that hang on purpose must not delay the end.
        self._runner = web.AppRunner(application(sandbox), access_log=None, shutdown_timeout=0.2)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._port, backlog=1024).start()
        except OSError:
            await self._runner.cleanup()
            raise
        self.sandbox.base_url = f"http://{HOST}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.sandbox.errands.close()
        await self._runner.cleanup()
