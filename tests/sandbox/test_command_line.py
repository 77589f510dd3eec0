import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.sandbox.conftest import ACCOUNT, ROOT, Rerouted, Running, eventually, serving

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("STRIPE_", "TWILIO_"))}


RUN = [sys.executable, "-m", "sandbox", "run", "--port", "0"]


def command(*arguments, environ=None, **options):
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        check=False,
        cwd=ROOT,
        env=CLEAN | (environ or {}),
        capture_output=True,
        text=True,
        timeout=15,
        **options,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_and_ends_quickly_when_told(number):
    with serving() as (process, url):
        assert requests.get(f"{url}/v1/events", timeout=5).status_code == 401
        begun = time.monotonic()
        process.send_signal(number)
        assert process.wait(5) == 0
        assert time.monotonic() - begun < 2


def test_a_request_that_hangs_does_not_delay_the_end():
    with serving() as (process, url):
        Running(url).fault("hang_before", seconds=60)
        with pytest.raises(requests.Timeout):
            requests.get(f"{url}/v1/events", timeout=0.2, auth=("sk_test_x", ""))
        process.terminate()
        assert process.wait(3) == 0


def test_it_takes_one_twilio_account_only_when_told_so():
    with serving("--twilio-sid", ACCOUNT, "--twilio-token", "right") as (_, url):
        assert Client(ACCOUNT, "right", http_client=Rerouted(url)).messages.list() == []
        with pytest.raises(TwilioRestException) as refusal:
            Client(ACCOUNT, "wrong", http_client=Rerouted(url)).messages("SM1").fetch()
        assert refusal.value.code == 20003


def test_a_port_that_is_taken_is_said_in_a_sentence(running):
    refusal = command("--port", running.url.rpartition(":")[2])
    assert refusal.returncode == 1
    assert "cannot listen on 127.0.0.1" in refusal.stderr
    assert "Traceback" not in refusal.stderr


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"])
@pytest.mark.parametrize("arguments", [["--port", "0"], ["run", "--port", "0", "--", "true"]], ids=["serve", "run"])
def test_it_does_not_start_beside_a_live_key(name, arguments):
    refusal = command(*arguments, environ={name: "sk_live_real"})
    assert refusal.returncode == 2
    assert name in refusal.stderr
    assert "sk_live_real" not in refusal.stderr


@pytest.mark.parametrize("arguments", [["--webhook-url", "nowhere"], ["run"], ["run", "--"], ["--colour"]], ids=str)
def test_wrong_usage_exits_2(arguments):
    assert command(*arguments).returncode == 2


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]], ids=str)
def test_help_shows_examples(arguments):
    shown = command(*arguments)
    assert shown.returncode == 0
    assert "examples:" in shown.stdout


def test_env_prints_the_variables():
    lines = dict(line.split("=", 1) for line in command("env", "--port", "4242").stdout.splitlines())
    assert lines["STRIPE_API_BASE"] == lines["TWILIO_API_BASE"] == "http://127.0.0.1:4242"
    assert lines["STRIPE_JS_URL"] == "http://127.0.0.1:4242/stripe.js"
    assert lines["STRIPE_SECRET_KEY"].startswith("sk_test_sandbox")
    assert lines["STRIPE_PUBLISHABLE_KEY"].startswith("pk_test_sandbox")
    assert lines["STRIPE_WEBHOOK_SECRET"].startswith("whsec_sandbox")
    assert len(lines["TWILIO_ACCOUNT_SID"]) == 34
    assert lines["TWILIO_CONTENT_SIDS"].startswith("booking_paid=HX")


def test_run_passes_the_environment_and_the_exit_status():
    show = "import json, os; print(json.dumps(dict(os.environ))); raise SystemExit(7)"
    mine = {"STRIPE_SECRET_KEY": "sk_test_mine", "TWILIO_WHATSAPP_FROM": "+447700900999", "TWILIO_AUTH_TOKEN": ""}
    ran = command("run", "--port", "0", "--", sys.executable, "-c", show, environ=mine)
    assert ran.returncode == 7
    ready, _, printed = ran.stdout.splitlines()
    passed = json.loads(printed)
    assert passed["STRIPE_API_BASE"] == ready.split()[-1] == passed["TWILIO_API_BASE"]
    assert passed["STRIPE_SECRET_KEY"].startswith("sk_test_sandbox")
    assert passed["TWILIO_WHATSAPP_FROM"] == "+447700900999"
    assert passed["TWILIO_AUTH_TOKEN"]
    assert "127.0.0.1" in passed["NO_PROXY"]


def test_run_delivers_to_the_app_and_prints_each_message(receiver):
    program = textwrap.dedent(
        """
        import json, os, stripe
        from tests.sandbox.conftest import Rerouted
        from twilio.rest import Client
        base = os.environ["STRIPE_API_BASE"]
        client = stripe.StripeClient(os.environ["STRIPE_SECRET_KEY"], base_addresses={"api": base})
        client.v1.payment_intents.create({"amount": 900, "currency": "gbp"})
        sids = dict(pair.split("=") for pair in os.environ["TWILIO_CONTENT_SIDS"].split(","))
        account, token = os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"]
        Client(account, token, http_client=Rerouted(base)).messages.create(
            to="whatsapp:+447700900123",
            from_="whatsapp:" + os.environ["TWILIO_WHATSAPP_FROM"],
            content_sid=sids["booking_paid"],
            content_variables=json.dumps({"1": "Ana", "2": "Morning yoga", "3": "Mon 9:00", "4": "7KQ2M9XA"}),
        )
        input()
        """
    )
    with subprocess.Popen(
        [*RUN, "--app-url", receiver.url, "--", sys.executable, "-c", program],
        cwd=ROOT,
        env=CLEAN,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        eventually(lambda: receiver.received)
        printed, _ = process.communicate("\n", timeout=10)
    assert receiver.received[0][0] == "/api/booking/stripe/webhook/"
    line = "Hello Ana, your place in *Morning yoga* is booked: Mon 9:00. Your reference is *7KQ2M9XA*."
    assert f"WhatsApp to +447700900123 | booking_paid | {line}" in printed
    assert process.returncode == 0


def test_run_says_when_there_is_no_such_command():
    refusal = command("run", "--port", "0", "--", "no-such-command-here")
    assert refusal.returncode == 127
    assert "no-such-command-here" in refusal.stderr


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_run_passes_a_signal_on_and_leaves_no_process_behind(tmp_path, number, status):
    # The command leaves a child of its own in the background.
    marks = tmp_path / "pids"
    script = f"sleep 300 & echo $! $$ > {marks}; wait"
    process = subprocess.Popen(
        [*RUN, "--", "bash", "-c", script],
        cwd=ROOT,
        env=CLEAN,
        stdout=subprocess.DEVNULL,
    )
    pids = eventually(lambda: marks.exists() and marks.read_text().split())
    process.send_signal(number)
    assert process.wait(8) == status
    for pid in pids:
        eventually(lambda pid=pid: not alive(int(pid)))


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
