"""A mail server of a few lines: takes mails, refuses them, or cuts the line at a given word."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CUT = "cut"
TAKEN = {
    "EHLO": "250 hello",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "END": "250 taken",
    "RSET": "250 ok",
}


class MailServer(socketserver.ThreadingTCPServer):
    """What it answers to each word, and the mails it has been given, taken or not."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Dialogue)
        self.says: dict[str, str] = {}
        self.mails: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Dialogue(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.wfile.write(b"220 mail.test\r\n")
        for line in self.rfile:
            word = line[:4].decode().upper()
            if word == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            if not self.answer(word) or (word == "DATA" and self.says(word)[0] == "3" and not self.take()):
                return

    def take(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        self.server.mails.append(b"".join(lines).decode())
        return self.answer("END")

    def answer(self, word: str) -> bool:
        answer = self.says(word)
        if answer == CUT:
            return False
        self.wfile.write(f"{answer}\r\n".encode())
        return True

    def says(self, word: str) -> str:
        return self.server.says.get(word) or TAKEN.get(word, "500 what?")


@contextmanager
def serving() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)
