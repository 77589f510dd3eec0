"""Many people, or one impatient one, sign up with the same address at once."""

import json

import pytest

from members.models import Member
from tests.races.clients import JSON, Ask, at_once
from tests.races.server import Server

pytestmark = pytest.mark.load


def test_one_address_becomes_one_member_and_nobody_sees_a_crash(server: Server) -> None:
    body = json.dumps({"email": "new@example.com", "password": "a-long-way-to-the-top"}).encode()
    answers = at_once(server.base, [Ask("/_allauth/app/v1/auth/signup", JSON, body)] * 12)
    statuses = sorted(answer.status for answer in answers)
    assert statuses[0] == 200
    assert statuses[-1] < 500
    assert statuses.count(200) == 1
    assert Member.objects.count() == 1
