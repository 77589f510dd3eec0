"""The two ways out for a mail: an SMTP server of which one can tell how far it got, and the console."""

import smtplib
import sys
from typing import Any

from django.core.mail.backends import console, smtp


class Door(smtplib.SMTP):
    """Remembers whether the text of a mail has left: before that a lost connection has surely lost the mail too."""

    handed_over = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.handed_over = True
        return super().data(msg)


class SmtpBackend(smtp.EmailBackend):
    """Django's, over a connection that knows whether the mail was handed over."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return Door

    @property
    def handed_over(self) -> bool:
        return isinstance(self.connection, Door) and self.connection.handed_over


class ConsoleBackend(console.EmailBackend):
    """Django's, on standard error: the standard output of a command is its summary."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"stream": sys.stderr, **kwargs})
