"""A secret key is exchanged while members are signed in, with and without the old one to look back to."""

from typing import Any

import pytest

from members.models import Member
from tests.cast import Caller, code, paid_by_card, session
from tests.cast import Sandbox as Stripe
from tests.config.test_environment import refusal, start
from tests.production import VALUES

NEW, OLD = "new-" * 16, VALUES["SECRET_KEY"]


@pytest.mark.parametrize("fallbacks", [[OLD], []], ids=["the old key beside it", "the new key alone"])
def test_what_was_signed_before_holds_as_long_as_the_old_key_is_named(
    fallbacks: list[str], settings: Any, ana: Member, sandbox: Stripe
) -> None:
    settings.SECRET_KEY = OLD
    before = Caller(ana)
    reference = paid_by_card(before, session(), sandbox)
    quote = before.get(f"/api/booking/bookings/{reference}/cancellation/").json()["quote"]

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, fallbacks
    assert before.get("/api/members/me/").status_code == (200 if fallbacks else 401)
    caller = before if fallbacks else Caller(ana)
    answer = caller.post(f"/api/booking/bookings/{reference}/cancel/", {"quote": quote})
    assert (answer.status_code == 200) == bool(fallbacks), answer.content
    if not fallbacks:
        assert code(answer) != "not_cancellable"


def test_the_variable_names_earlier_keys_and_none_of_development() -> None:
    ask = "from config import settings; print(settings.SECRET_KEY_FALLBACKS)"
    assert start(ask, SECRET_KEY_FALLBACKS="one, two", **VALUES).stdout.strip() == "['one', 'two']"
    refused = refusal(SECRET_KEY_FALLBACKS="dev-only-key-that-production-refuses", **VALUES)
    assert "SECRET_KEY_FALLBACKS: names the one of development" in refused
