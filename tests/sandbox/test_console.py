"""What the console is given: the newest of each, only what changed, nothing secret, nothing for other sites."""

import time

import requests
import stripe

from sandbox import environment
from sandbox.console.changes import Changes
from sandbox.console.snapshot import sections
from sandbox.state import Sandbox, Targets
from sandbox.stripe import payments
from tests.sandbox.conftest import ACCOUNT, Running


def test_the_page_and_its_files_come_with_a_strict_policy(sandbox: Running) -> None:
    for path in ("/", "/console/main.js", "/console/console.css"):
        answer = requests.get(sandbox.url + path, timeout=10)
        assert answer.status_code == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert requests.get(sandbox.url + "/console/../state.py", timeout=10).status_code == 404


def test_only_what_changed_is_sent(sandbox: Running, intent: stripe.PaymentIntent) -> None:
    whole = sandbox.get("state")
    assert {"settings", "intents", "events", "messages", "faults", "requests"} < set(whole)
    unchanged = requests.get(f"{sandbox.url}/_sandbox/state?since={whole['version']}", timeout=10)
    assert (unchanged.status_code, unchanged.content) == (204, b"")
    sandbox.fault("latency", seconds=0.1)
    assert set(sandbox.get(f"state?since={whole['version']}")) == {"version", "faults"}
    assert set(sandbox.get("state?since=999999999999999")) == set(whole)
    assert sandbox.raw("GET", "/_sandbox/state?since=yesterday").status_code == 400


def test_after_a_restart_a_page_is_sent_everything() -> None:
    earlier = Changes()
    earlier.note({"faults": []})
    time.sleep(0.005)
    later = Changes()
    later.note({"faults": []})
    assert set(later.since(earlier.version)) == {"faults"}


def test_no_client_secret_and_no_key_comes_along(sandbox: Running, intent: stripe.PaymentIntent) -> None:
    sandbox.post(f"payment_intents/{intent.id}/confirm", {"payment_method": "pm_card_chargeDeclined"})
    sandbox.raw("POST", f"/v1/payment_intents/{intent.id}/confirm", data={"client_secret": intent.client_secret})
    told = requests.get(f"{sandbox.url}/_sandbox/state", timeout=10).text
    assert intent.id in told
    for secret in ("_secret_", "whsec_", "sk_test", "pk_test", "payment_method_data"):
        assert secret not in told


def test_a_page_of_another_site_is_refused(sandbox: Running) -> None:
    for headers in ({"Origin": "https://shop.example"}, {"Host": "shop.example"}, {"Origin": "null"}):
        assert sandbox.raw("GET", "/_sandbox/state", headers=headers).status_code == 403
        assert sandbox.raw("POST", "/_sandbox/reset", headers=headers).status_code == 403


def test_ten_thousand_payments_cost_no_more_than_a_hundred() -> None:
    sandbox = Sandbox(Targets())
    for number in range(10_000):
        wanted = {"amount": 1500, "currency": "gbp", "metadata": {"booking_id": str(number)}}
        payments.create(sandbox, wanted, origin=payments.NO_REQUEST)
    began = time.perf_counter()
    seen = sections(sandbox)
    assert time.perf_counter() - began < 0.1
    assert len(seen["intents"]) == 60
    assert seen["intents"][0]["metadata"] == {"booking_id": "9999"}
    assert seen["settings"]["totals"]["intents"] == 10_000


def test_a_message_says_which_template_it_is(sandbox: Running) -> None:
    variables = '{"1": "Ana", "2": "Yoga", "3": "noon", "4": "R7"}'
    said = {"ContentSid": environment.CONTENT_SIDS["booking_paid"], "ContentVariables": variables}
    form = {"To": "whatsapp:+447700900123", "From": "whatsapp:+14155238886", **said}
    sandbox.raw("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", data=form, auth=(ACCOUNT, "token"))
    [message] = sandbox.get("state")["messages"]
    assert message["kind"] == "booking_paid"
    assert "Yoga" in message["body"]
