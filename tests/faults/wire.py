"""PostgreSQL's protocol, as far as telling one statement from the next and where its answer ends."""

import asyncio
from dataclasses import dataclass, field

SSL, GSS, CANCEL = 80877103, 80877104, 80877102
NO = b"N"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Asked:
    """What a client asks in one go: a simple query, or an extended one up to its Sync."""

    raw: bytes
    text: str
    goodbye: bool = False


@dataclass
class Reader:
    """Reads what one client asks; remembers the statements it has prepared by name."""

    stream: asyncio.StreamReader
    prepared: dict[bytes, str] = field(default_factory=dict)

    async def asked(self) -> Asked:
        raw, text = b"", ""
        while True:
            kind, message = await message_of(self.stream)
            raw += message
            body = message[5:]
            if kind == b"P":
                name, query = body.split(b"\0")[:2]
                text = self.prepared[name] = query.decode()
            elif kind == b"B":
                text = self.prepared.get(body.split(b"\0")[1], text)
            elif kind == b"Q":
                return Asked(raw, body[:-1].decode())
            elif kind == b"S":
                return Asked(raw, text)
            elif kind == b"X":
                return Asked(raw, "", goodbye=True)


async def message_of(stream: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """One typed message: its letter, and all of it."""
    head = await stream.readexactly(5)
    return head[:1], head + await stream.readexactly(int.from_bytes(head[1:]) - 4)


async def startup_of(client: Streams) -> tuple[int, bytes]:
    """The first message of a connection, whose code says what it wants; encryption is declined on the way."""
    reader, writer = client
    while True:
        head = await reader.readexactly(8)
        code = int.from_bytes(head[4:])
        if code not in (SSL, GSS):
            return code, head + await reader.readexactly(int.from_bytes(head[:4]) - 8)
        writer.write(NO)


async def ready(server: asyncio.StreamReader) -> bytes:
    """All that the server says up to being ready for the next question."""
    said = []
    while True:
        kind, message = await message_of(server)
        said.append(message)
        if kind == b"Z":
            return b"".join(said)


def raising(code: str) -> bytes:
    """A statement that fails with this SQLSTATE, so that an open transaction is really aborted by the server."""
    text = f"DO $$ BEGIN RAISE EXCEPTION 'a fault of the test' USING ERRCODE = '{code}'; END $$"
    body = text.encode() + b"\0"
    return b"Q" + (len(body) + 4).to_bytes(4) + body


def refusing(code: str) -> bytes:
    """What a server says instead of a greeting; the client then leaves."""
    body = b"SFATAL\0VFATAL\0C" + code.encode() + b"\0Ma fault of the test\0\0"
    return b"E" + (len(body) + 4).to_bytes(4) + body
