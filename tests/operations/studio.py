"""A studio that is open: the real server and the real commands over the database of the moment, and a Stripe."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cast import Caller, Sandbox
from tests.races.clients import Answer, Ask, at_once, tell
from tests.races.commands import Processes
from tests.races.server import Server

PATIENCE_SECONDS = 30
TOLD = ("payment_intent.succeeded", "payment_intent.canceled", "refund.created", "refund.updated")


class Open:
    """Until it is closed. Stripe's news comes when it is asked for, each once."""

    def __init__(self, sandbox: Sandbox, log: Path) -> None:
        self.sandbox, self.heard = sandbox, set[str]()
        # What was opened at Stripe carries its host, so a studio that comes back has the same one.
        address = {"PUBLIC_BASE_URL": os.environ["PUBLIC_BASE_URL"]}
        self.server = Server("tests.contract.served", sandbox=sandbox.base, log=log, processes=1, **address)
        self.commands = Processes(sandbox.base)
        self.closed = False

    def asks(self, caller: Caller, path: str, body: bytes = b"{}") -> Any:
        """What a member gets from the server."""
        return self._posts(Ask(path, {"Content-Type": "application/json", **caller.headers}, body)).json

    def books(self, caller: Caller, session: int, pay_with: str) -> Any:
        body = f'{{"pay_with": "{pay_with}"}}'.encode()
        return self.asks(caller, f"/api/booking/sessions/{session}/book/", body)

    def cancels(self, caller: Caller, reference: str) -> Any:
        return self.asks(caller, f"/api/booking/bookings/{reference}/cancel/")

    def pays(self, held: Any) -> None:
        """The card goes through at Stripe; nobody has told us yet."""
        assert self.sandbox.pays(held["stripe_client_secret"].split("_secret_")[0])["status"] == "succeeded"

    def hears(self) -> None:
        """Everything that Stripe has not told this studio yet."""
        for type_ in TOLD:
            for event in reversed(self.sandbox.events(type_)):
                if event["id"] not in self.heard:
                    self.heard.add(event["id"])
                    assert self._posts(tell(event)).status == 200

    def runs(self, *words: str) -> str:
        """A command that ends well; its last line."""
        status, said = self.fares(*words)
        assert status == 0, said
        return said

    def fares(self, *words: str) -> tuple[int, str]:
        """A command's exit status and what it said."""
        [command] = self.commands.ready(*words)
        return command.process.run(command.arguments, "")

    def waits(self, until: Callable[[], bool]) -> None:
        """For what the server does after an answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not until():
            assert time.monotonic() < deadline, self.server.logged()
            time.sleep(0.02)

    def close(self) -> None:
        """Once; for whoever forgets it, the fixture does it."""
        if self.closed:
            return
        self.closed = True
        self.commands.end()
        self.server.stop()

    def _posts(self, ask: Ask) -> Answer:
        [answer] = at_once(self.server.base, [ask])
        assert answer.status < 300, answer.text
        return answer
