"""The sandbox answers this machine alone."""

import pytest

from tests.sandbox.conftest import serving


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost", "LOCALHOST:8000"])
@pytest.mark.parametrize("path", ["/v1/events", "/_sandbox/clock"])
def test_its_own_names_are_answered(sandbox, host, path):
    assert sandbox.raw("GET", path, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "0.0.0.0", "[::1]", "[", "", "user@evil.example", "localhost."]
)
@pytest.mark.parametrize(
    "path", ["/v1/events", "/_sandbox/clock", "/2010-04-01/Accounts/AC1/Messages.json", "/stripe.js", "/", "/nowhere"]
)
def test_any_other_name_is_refused_everywhere(sandbox, host, path):
    assert sandbox.raw("GET", path, headers={"Host": host}).status_code == 403
    assert sandbox.raw("OPTIONS", path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "http://127.0.0.1.evil.example"])
def test_a_page_of_another_site_cannot_steer_it(sandbox, origin):
    assert sandbox.raw("POST", "/_sandbox/reset", headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("origin", ["http://localhost:8000", "http://127.0.0.1:12111"])
def test_a_page_of_this_machine_can(sandbox, origin):
    assert sandbox.raw("GET", "/_sandbox/clock", headers={"Origin": origin}).status_code == 200


def test_a_page_of_any_site_may_pay(sandbox, client, intent):
    headers = {"Origin": "https://studio.example"}
    path = f"/v1/payment_intents/{intent.id}"
    allowed = sandbox.raw("OPTIONS", f"{path}/confirm", headers=headers, auth=None)
    assert allowed.headers["Access-Control-Allow-Origin"] == "*"
    shown = sandbox.raw(
        "GET", path, headers=headers, auth=("pk_test_ana", ""), params={"client_secret": intent.client_secret}
    )
    assert (shown.status_code, shown.headers["Access-Control-Allow-Origin"]) == (200, "*")


def test_it_listens_on_the_loopback_address_alone():
    with serving() as (_, url):
        port = int(url.rpartition(":")[2])
        with open("/proc/net/tcp") as table:
            mine = [row.split()[1] for row in table if f":{port:04X} " in row and row.split()[3] == "0A"]
        assert mine == [f"0100007F:{port:04X}"]
