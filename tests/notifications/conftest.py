from collections.abc import Iterator
from typing import Any

import pytest

from tests.notifications.mail_server import MailServer, serving


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    """A real SMTP server, and the program set up to use it."""
    with serving() as server:
        settings.EMAIL_BACKEND = "boundary.mail.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server
