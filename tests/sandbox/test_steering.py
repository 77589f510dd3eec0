"""The commands for a sandbox that is running."""

import json
import os
import re
import socket
import subprocess
import sys
import time

import pytest

from sandbox.steering.commands import COMMANDS
from tests.sandbox.conftest import ROOT, Running, eventually, serving

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "TWILIO_", "SANDBOX_"))}


@pytest.fixture
def told(sandbox):
    """Runs a command against the sandbox; answers its lines, or what it says when it refuses."""

    def tell(*words, status=0, environ=None):
        port = sandbox.url.rpartition(":")[2]
        ran = run(*words, environ={"SANDBOX_PORT": port} | (environ or {}))
        assert ran.returncode == status, ran.stderr
        return ran.stderr if status else ran.stdout.splitlines()

    return tell


def run(*words, environ=None, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *words],
        check=False,
        cwd=cwd,
        env=CLEAN | (environ or {}),
        capture_output=True,
        text=True,
        timeout=30,
    )


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])


def test_a_payer_is_declined_and_pays(told, client, intent):
    (line,) = told("decline", intent.id)
    assert "requires_payment_method" in line
    assert "(generic_decline)" in line
    (line,) = told("pay", intent.id)
    assert re.search(rf"{intent.id}  succeeded +1500 gbp  booking_id=7$", line)
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
    refused = told("pay", intent.id, status=1)
    assert "status of succeeded. (payment_intent_unexpected_state)" in refused
    assert "Traceback" not in refused


def test_a_card_can_be_named(told, client, intent):
    assert "insufficient_funds" in told("pay", intent.id, "4000000000009995", status=1)
    assert "requires_action" in told("pay", intent.id, "pm_card_authenticationRequired")[0]
    assert "requires_payment_method" in told("authenticate", intent.id, "--fail", status=0)[0]
    told("pay", intent.id, "pm_card_authenticationRequired")
    assert "succeeded" in told("authenticate", intent.id)[0]


@pytest.mark.parametrize(("words", "status"), [([], "succeeded"), (["--fail"], "requires_payment_method")])
def test_a_bank_settles(told, client, intent, words, status):
    told("pay", intent.id, "pm_sandbox_processing")
    assert status in told("settle", intent.id, *words)[0]
    assert client.v1.payment_intents.retrieve(intent.id).status == status


def test_the_dashboard_cancels_and_refunds_and_a_bank_disputes(told, client, intent):
    assert "canceled" in told("cancel", intent.id)[0]
    paid = client.v1.payment_intents.create({"amount": 900, "currency": "eur"})
    told("pay", paid.id)
    (line,) = told("refund", paid.id, "--amount", "400")
    refund = line.split()[0]
    assert re.fullmatch(r"re_\w+  succeeded  400 eur", line)
    assert "failed" in told("refund-fails", refund)[0]
    assert client.v1.refunds.retrieve(refund).status == "failed"
    assert re.search(r"needs_response  900 eur  product_not_received", told(
        "dispute", paid.id, "--reason", "product_not_received",
    )[0])  # fmt: skip


def test_faults_are_scripted_shown_and_cleared(told, sandbox, client):
    assert told("faults") == ["none"]
    told("fault", "status_before", "--path", "/v1/events", "--status", "503", "--times", "2", "--after", "1")
    told("fault", "webhook_dropped", "--probability", "0.25", "--type", "payment_intent.*")
    first, second = told("faults")
    assert re.fullmatch(r"status_before +2 more +path=/v1/events  after=1  status=503", first)
    assert re.fullmatch(r"webhook_dropped +forever  type=payment_intent.\*  probability=0.25", second)
    assert [sandbox.raw("GET", "/v1/events").status_code for _ in range(4)] == [200, 503, 503, 200]
    assert told("faults", "--clear") == ["done"]
    assert sandbox.get("faults") == {"faults": []}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["earthquake"], "fault must be one of latency"),
        (["garbage", "--times", "often"], "times=often: N is wanted"),
        (["garbage", "--type", "x"], "garbage does not take type"),
        (["garbage", "--path", "("], "no regular expression"),
        (["garbage", "--stored", "maybe"], "yes|no is wanted"),
    ],
    ids=["kind", "times", "type", "path", "stored"],
)
def test_a_wrong_fault_is_told_what_is_wrong(told, words, said):
    assert said in told("fault", *words, status=2)


def test_deliveries_are_held_released_repeated_and_shown(told, client, receiver):
    told("fault", "webhook_held", "--type", "payment_intent.created")
    intent = client.v1.payment_intents.create({"amount": 900, "currency": "eur"})
    (line,) = told("deliveries")
    assert re.search(r"payment_intent.created +try 1  held$", line)
    (event,) = told("release", "--shuffle")
    eventually(receiver.events)
    assert told("deliver", event, "--as", "forged") == [f"event={event}  status=200"]
    assert re.search(r"delivered  200  as forged$", told("deliveries", "--event", event)[-1])
    (line,) = told("events")
    assert event in line
    assert intent.id in line
    assert "altered" not in told("deliver", event, "--as", "a poem", status=1)
    assert "no such event" in told("deliver", "evt_none", status=1)


def test_intents_and_messages_are_shown_without_a_secret(told, client, intent, twilio):
    twilio.messages.create(to="whatsapp:+447700900123", from_="whatsapp:+14155238886", body="Hello")
    (line,) = told("intents")
    assert intent.id in line
    everything = "".join(told("intents", "--json") + told("events", "--json"))
    assert intent.id in everything
    assert "client_secret" not in everything
    younger = client.v1.payment_intents.create({"amount": 900, "currency": "eur"})
    assert [line.split()[2] for line in told("intents")] == [intent.id, younger.id]
    assert [line.split()[2] for line in told("intents", "--last", "1")] == [younger.id]
    assert younger.id in told("events", "--last", "1")[0]
    (line,) = told("messages")
    assert "+14155238886 > +447700900123" in line
    assert line.endswith("Hello")


def test_the_clock_is_moved(told, sandbox, client):
    now = lambda: sandbox.get("clock")["now"]  # noqa: E731
    told("clock", "+31m")
    assert abs(now() - time.time() - 31 * 60) < 10
    told("clock", "--", "-1h")
    assert told("clock")[0].startswith(f"now={now() // 100}")
    assert abs(now() - time.time() + 29 * 60) < 10
    assert "a duration like" in told("clock", "later", status=2)


def test_a_key_may_be_used_anew_after_a_day_by_the_sandboxs_clock(told, client):
    create = lambda: client.v1.payment_intents.create(  # noqa: E731
        {"amount": 900, "currency": "eur"}, {"idempotency_key": "booking-7"}
    )
    first = create()
    told("clock", "+23h")
    assert create().id == first.id
    told("clock", "+2h")
    second = create()
    assert second.id != first.id
    assert second.created >= first.created + 25 * 3600


def test_the_journal_is_shown_and_filtered(told, client, intent):
    client.v1.events.list()
    (line,) = told("journal", "--method", "POST", "--path", "/v1/payment_intents$")
    assert "200  POST  /v1/payment_intents" in line
    assert "metadata[booking_id]=7" in line
    assert [one["method"] for one in json.loads("".join(told("journal", "--json")))["requests"]] == ["POST", "GET"]
    assert len(told("journal", "--last", "1")) == 1


def test_it_is_configured_and_reset(told, sandbox, client, intent):
    told("configure", "--webhook-url", "http://127.0.0.1:1/", "--seed", "7", "--twilio-callbacks", "off")
    wanted = {"webhook_url": "http://127.0.0.1:1/", "twilio_callbacks": False, "seed": 7}
    assert wanted.items() <= sandbox.post("configure").json().items()
    told("configure", "--webhook-url", "none", "--twilio-callbacks", "on")
    assert sandbox.post("configure").json()["webhook_url"] is None
    assert told("reset") == ["done"]
    assert told("intents") == ["none"]


def test_nobody_there_is_said_with_what_to_do():
    port = closed_port()
    refused = run("intents", "--port", port)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"sandbox: nothing listens on 127.0.0.1:{port}. Start it: python -m sandbox --port {port}\n"
    )


def test_something_else_there_is_said(receiver):
    refused = run("pay", "pi_1", "--port", receiver.url.rpartition(":")[2])
    assert refused.returncode == 1
    assert "is not the sandbox" in refused.stderr


def test_a_port_in_the_environment_that_is_none_is_wrong_usage():
    refused = run("intents", environ={"SANDBOX_PORT": "many"})
    assert refused.returncode == 2
    assert "a port is a number" in refused.stderr


def test_a_wrong_command_is_answered_with_the_one_that_was_meant():
    refused = run("relaese")
    assert refused.returncode == 2
    assert refused.stderr == "sandbox: no such command: relaese. Is release meant?\n"


def test_it_is_never_asked_through_a_proxy(told, receiver):
    assert told("faults", environ={"http_proxy": receiver.url, "HTTP_PROXY": receiver.url}) == ["none"]
    assert receiver.received == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_help_with_examples_that_are_its_own(command):
    shown = run(command.name, "--help")
    assert shown.returncode == 0
    assert command.does in " ".join(shown.stdout.split())
    assert f"examples:\n  python -m sandbox {command.name}" in shown.stdout


def test_the_help_names_every_command():
    shown = run("--help").stdout
    for command in COMMANDS:
        assert re.search(rf"^  {command.name} +{re.escape(command.does)}$", shown, re.M)
    assert "--host" not in shown


def test_faults_and_seed_can_be_told_at_the_start():
    codes = []
    for _ in range(2):
        with serving("--seed", "7", "--fault", "status_before probability=0.5 path=/v1/", "--fault", "garbage") as (
            _,
            url,
        ):
            sandbox = Running(url)
            assert [fault["fault"] for fault in sandbox.get("faults")["faults"]] == ["status_before", "garbage"]
            codes.append([sandbox.raw("GET", "/v1/events").status_code for _ in range(20)])
    assert codes[0] == codes[1]
    assert 3 < codes[0].count(500) < 17


@pytest.mark.parametrize("fault", ["", "earthquake", "garbage colour=red", "garbage times", "garbage times=x"])
def test_a_wrong_fault_at_the_start_is_wrong_usage(fault):
    refused = run("--port", "0", "--fault", fault)
    assert refused.returncode == 2
    assert "argument --fault" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_it_keeps_as_many_events_as_it_is_told():
    # Lost ones, so that what is remembered of them is bounded too.
    lost = "webhook_dropped times=forever"
    with serving("--events-kept", "10", "--webhook-url", "http://127.0.0.1:1/", "--fault", lost) as (_, url):
        client = Running(url).stripe()
        for _ in range(40):
            client.v1.payment_intents.create({"amount": 900, "currency": "eur"})
        kept = client.v1.events.list({"limit": 100, "delivery_success": False}).data
        assert 10 <= len(kept) <= 11
        newest = client.v1.payment_intents.list().data[0]
        assert kept[0].data.object.id == newest.id


@pytest.mark.parametrize(
    "words",
    [["--events-kept", "0"], ["--retry-scale", "0"], ["--retry-scale", "x"], ["--host", "0.0.0.0"], ["--seed", "x"]],
)
def test_a_wrong_option_is_wrong_usage(words):
    refused = run("--port", "0", *words)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr


def test_a_reader_that_has_seen_enough_ends_it_quietly(sandbox, client):
    for _ in range(3):
        client.v1.payment_intents.list()
    port = sandbox.url.rpartition(":")[2]
    line = f"{sys.executable} -m sandbox journal --json --port {port} | true; exit ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", line], check=False, cwd=ROOT, env=CLEAN, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
