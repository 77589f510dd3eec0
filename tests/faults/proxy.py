"""Two small proxies, one in front of PostgreSQL and one in front of the sandbox; everything passes one gate."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

from tests.faults import wire
from tests.faults.crossings import request, statement
from tests.faults.gate import Cut, Gate
from tests.faults.wire import Streams

Serving = Callable[[Streams, Streams], Awaitable[None]]
LOST = (Cut, ConnectionError, asyncio.IncompleteReadError, TimeoutError)
LARGEST = 2**24


class Proxies:
    """Both proxies in one thread of their own, from `start` to `stop`."""

    def __init__(self, *, database: str, web: str, gate: Gate) -> None:
        self.gate = gate
        self.upstream_database = database
        self.upstream_web = web
        self.loop = gate.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="proxies", daemon=True)
        self.servers: list[asyncio.Server] = []
        self.served: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self.thread.start()
        self.database_port = self._listen(self._to_database, self._database)
        self.web_port = self._listen(self._to_web, self._web)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    @property
    def database_url(self) -> str:
        """The URL by which the program reaches its database through here."""
        parts = urlsplit(self.upstream_database)
        who = f"{parts.username or 'postgres'}{':' + parts.password if parts.password else ''}"
        return f"postgresql://{who}@127.0.0.1:{self.database_port}{parts.path}"

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def _listen(self, connect: Callable[[], Awaitable[Streams]], serve: Serving) -> int:
        async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self.served.add(task)
            with contextlib.suppress(*LOST, asyncio.CancelledError):
                await self._between((reader, writer), connect, serve)
            self.served.discard(task)

        async def listen() -> int:
            server = await asyncio.start_server(met, "127.0.0.1", 0, limit=LARGEST)
            self.servers.append(server)
            return int(server.sockets[0].getsockname()[1])

        return asyncio.run_coroutine_threadsafe(listen(), self.loop).result(10)

    async def _between(self, client: Streams, connect: Callable[[], Awaitable[Streams]], serve: Serving) -> None:
        server: Streams | None = None
        try:
            server = await connect()
            await serve(client, server)
        finally:
            for side in filter(None, (client, server)):
                side[1].close()

    async def _end(self) -> None:
        for server in self.servers:
            server.close()
        for task in list(self.served):
            task.cancel()
        await asyncio.gather(*self.served, return_exceptions=True)

    async def _to_database(self) -> Streams:
        parts = urlsplit(self.upstream_database)
        [folder] = parse_qs(parts.query).get("host", [""])
        if folder.startswith("/"):
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{parts.port or 5432}", limit=LARGEST)
        return await asyncio.open_connection(parts.hostname, parts.port or 5432, limit=LARGEST)

    async def _to_web(self) -> Streams:
        parts = urlsplit(self.upstream_web)
        return await asyncio.open_connection(parts.hostname, parts.port, limit=LARGEST)

    async def _database(self, client: Streams, server: Streams) -> None:
        code, hello = await wire.startup_of(client)
        if code == wire.CANCEL:
            server[1].write(hello)
            return

        async def greeted() -> bytes:
            server[1].write(hello)
            return await _introduced(client, server)

        async def refused(code: str) -> bytes:
            return wire.refusing(code)

        client[1].write(await self.gate.passing("database", "(connect)", greeted, refused))
        reader = wire.Reader(client[0])
        while not (asked := await reader.asked()).goodbye:

            async def told(raw: bytes = asked.raw) -> bytes:
                server[1].write(raw)
                return await wire.ready(server[0])

            async def fails(code: str) -> bytes:
                server[1].write(wire.raising(code))
                return await wire.ready(server[0])

            client[1].write(await self.gate.passing("database", statement(asked.text), told, fails))
        server[1].write(asked.raw)

    async def _web(self, client: Streams, server: Streams) -> None:
        while True:
            head, asked = await _http(client[0])
            method, target = head.split(" ")[:2]

            async def told(raw: bytes = asked) -> bytes:
                server[1].write(raw)
                return (await _http(server[0]))[1]

            client[1].write(await self.gate.passing("web", request(method, target), told))


async def _introduced(client: Streams, server: Streams) -> bytes:
    """Pass a log-in by password on, both ways; what the server says last, once it is ready."""
    said = b""
    while True:
        kind, message = await wire.message_of(server[0])
        said += message
        if kind == b"Z":
            return said
        asks_back = kind == b"R" and int.from_bytes(message[5:9]) not in (0, 12)
        if asks_back:
            client[1].write(said)
            said = b""
            server[1].write((await wire.message_of(client[0]))[1])


async def _http(stream: asyncio.StreamReader) -> tuple[str, bytes]:
    """The first line of a message, and all of it."""
    head = await stream.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert "transfer-encoding" not in headers, "a length is wanted"
    return first, head + await stream.readexactly(int(headers.get("content-length", 0)))
