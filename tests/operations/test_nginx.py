"""The example for nginx before the server as production runs it, over TLS, and one who lies about where they are."""

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
from django.conf import settings
from django.db import connection

from config import gunicorn
from payments.models import UnmatchedMoney
from tests import production
from tests.cast import WEBHOOK
from tests.operations.files import DEPLOY
from tests.races.server import Server, database_url

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="production is on PostgreSQL"),
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not here; .ci/run installs it"),
]
SITE = DEPLOY / "nginx.conf"
HOST = production.VALUES["ALLOWED_HOSTS"]
PATIENCE_SECONDS = 30
# What stands around a site on a machine: Debian's nginx.conf, with nothing of the machine's own.
AROUND = """
daemon off; {user} worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
uwsgi_temp_path {folder}; scgi_temp_path {folder}; include {folder}/site; }}
"""


class Front:
    """nginx with the example as its one site, on ports of its own."""

    def __init__(self, folder: Path, behind: str) -> None:
        self.folder = folder
        self.sockets = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(3)]
        self.plain, self.tls, self.inner = (f"127.0.0.1:{one.getsockname()[1]}" for one in self.sockets)
        self.certificate = _certificate(folder)
        site = re.sub(r"\n *listen \[::\].*", "", SITE.read_text())
        for is_, there in (
            ("listen 80;", f"listen {self.plain};"),
            ("listen 443 ", f"listen {self.tls} "),
            ("listen 127.0.0.1:8001;", f"listen {self.inner};"),
            ("server 127.0.0.1:8000;", f"server {behind};"),
            ("/etc/letsencrypt/live/studio.example.com", str(folder)),
        ):
            assert is_ in site
            site = site.replace(is_, there)
        (folder / "site").write_text(site)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(user=user, folder=folder))
        self.words = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]

    def is_well_formed(self) -> tuple[int, str]:
        said = subprocess.run([*self.words, "-t"], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        return said.returncode, said.stderr

    def start(self) -> None:
        """nginx takes over sockets that listen already, as when it is replaced by a new one: no port is guessed."""
        handed = [one.fileno() for one in self.sockets]
        named = {"NGINX": "".join(f"{number};" for number in handed)}
        self.process = subprocess.Popen(self.words, pass_fds=handed, env={**os.environ, **named})

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)
        for one in self.sockets:
            one.close()

    def asks(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Host": HOST, **more.pop("headers", {})}
        url = f"https://{self.tls}{path}"
        more |= {"verify": self.certificate, "allow_redirects": False, "timeout": PATIENCE_SECONDS}
        return requests.request(method, url, headers=headers, **more)


def _certificate(folder: Path) -> str:
    """A throwaway one, for this machine alone."""
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "privkey.pem", "-out", "fullchain.pem"]
    subprocess.run(["openssl", *words.split(), *files], cwd=folder, check=True, capture_output=True, timeout=30)
    return str(folder / "fullchain.pem")


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """As in production, with one process: limits are counted per process."""
    empty = dict.fromkeys(("STRIPE_API_BASE", "STRIPE_JS_URL", "TWILIO_API_BASE"), "")
    empty |= dict.fromkeys(("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM"), "")
    values = {**production.VALUES, **empty, "RATE_LIMITS": "on", "DATABASE_URL": database_url()}
    values["ALLOWED_HOSTS"] = f"{HOST},127.0.0.1"
    log = tmp_path_factory.mktemp("server") / "log"
    server = Server("config.wsgi", sandbox="http://127.0.0.1:9", log=log, processes=1, **values)
    try:
        server.wait_until_ready()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def front(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    front = Front(tmp_path_factory.mktemp("nginx"), server.base.removeprefix("http://"))
    status, said = front.is_well_formed()
    assert status == 0, said
    assert "warn" not in said
    front.start()
    yield front
    front.stop()


def test_who_comes_in_the_clear_is_sent_to_tls(front: Front) -> None:
    answer = requests.get(f"http://{front.plain}/admin/?a=b", headers={"Host": HOST}, allow_redirects=False, timeout=30)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{HOST}/admin/?a=b")


def test_the_program_knows_that_it_is_asked_over_tls(front: Front) -> None:
    answer = front.asks("GET", "/api/booking/config/")
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "nginx/" not in answer.headers["Server"]
    assert front.asks("GET", "/style.css").headers["Content-Type"].startswith("text/css")
    lying = {"X-Forwarded-Host": "evil.example.com", "Forwarded": "host=evil.example.com"}
    assert "evil" not in front.asks("GET", "/admin", headers=lying).headers["Location"]
    assert front.asks("GET", "/api/booking/config/", headers={"Host": "evil.example.com"}).status_code == 400


def test_a_client_that_lies_about_where_it_is_stays_the_same_client(front: Front, server: Server) -> None:
    """By the limit of the document, which is asked for in a way that costs nothing."""
    told = [
        front.asks("POST", "/api/schema/", headers={"X-Forwarded-For": f"203.0.113.{number}"}).status_code
        for number in range(31)
    ]
    assert told == [405] * 30 + [429]
    # The control: who reaches the program itself is whoever they say.
    lying = {"Host": HOST, "X-Forwarded-For": "203.0.113.99", "X-Forwarded-Proto": "https"}
    assert requests.post(f"{server.base}/api/schema/", headers=lying, timeout=30).status_code == 405


def test_a_webhook_arrives_byte_by_byte(front: Front) -> None:
    """An odd but right JSON, signed as it stands: whatever would tidy it up would break the signature."""
    metadata = {"payment": "5b0e6b63-6b0f-4c0e-8f6e-0d3c5d0f6a11", "site": HOST}
    intent = {"id": "pi_odd", "object": "payment_intent", "livemode": False, "status": "succeeded"}
    intent |= {"amount": 1500, "amount_received": 1500, "currency": "gbp", "metadata": metadata}
    event = {"id": "evt_odd", "object": "event", "type": "payment_intent.succeeded", "created": 1, "livemode": False}
    event |= {"api_version": "2026-10-28.endive", "data": {"object": intent}, "padding": "x" * 100_000}
    payload = f" \r\n\t{json.dumps(event, indent=3)}\n\n".replace("gbp", "\\u0067bp")
    secret = production.VALUES["STRIPE_WEBHOOK_SECRET"]
    header = {"Stripe-Signature": stripe.WebhookSignature.generate_signature_header(payload, secret)}
    sent = {"data": payload.encode(), "headers": {**header, "Content-Type": "application/json"}}
    assert front.asks("POST", WEBHOOK, **sent).status_code == 200
    assert UnmatchedMoney.objects.get().stripe_id == "pi_odd"
    sent["data"] = payload.replace("\r\n", "\n").encode()
    assert front.asks("POST", WEBHOOK, **sent).status_code == 400


def test_what_is_too_large_is_refused_before_it_reaches_the_program(front: Front) -> None:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    answer = front.asks("POST", WEBHOOK, data=b"x" * (most + 1))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "body_too_large")
    assert front.asks("POST", WEBHOOK, data=b"x" * most).status_code == 400
    assert front.asks("GET", "/livez", headers={"X-Long": "x" * 9000}).status_code == 400
    assert front.asks("GET", "/livez?" + "x" * 9000).status_code == 414


def test_numbers_and_what_is_wrong_are_for_this_machine(front: Front) -> None:
    assert [front.asks("GET", path).status_code for path in ("/metrics", "/readyz")] == [404, 404]
    inside = [requests.get(f"http://{front.inner}{path}", timeout=30) for path in ("/livez", "/readyz", "/metrics")]
    assert [answer.status_code for answer in inside] == [200, 200, 200]
    assert "holdfast_holds" in inside[-1].text
    assert requests.get(f"http://{front.inner}/api/booking/config/", timeout=30).status_code == 404


def test_its_patience_is_longer_and_its_limits_are_those_of_the_program() -> None:
    said = dict(re.findall(r"^ *(\w+) (\d+)s?;", SITE.read_text(), re.M))
    assert int(said["proxy_read_timeout"]) > gunicorn.timeout
    assert int(said["client_max_body_size"]) == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert "large_client_header_buffers 8 8k;" in SITE.read_text()
    assert {gunicorn.limit_request_line, gunicorn.limit_request_field_size} == {8190}
