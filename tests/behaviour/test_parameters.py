"""Amounts, currencies, metadata, unknown names, and what depends on the version."""

from typing import Any

import pytest

from tests.behaviour.api import VERSION, Api, cards_only
from tests.behaviour.rules import differs, rule

CREATE = "api/payment_intents/create"
CURRENCIES = "currencies"
METADATA = "metadata"


def refused(api: Api, **changes: Any) -> tuple[Any, ...]:
    return api.post("payment_intents", cards_only(**changes)).refusal()


@rule("error-codes", "parameter_missing")
@pytest.mark.parametrize("name", ["amount", "currency"])
def test_a_missing_parameter(api: Api, name: str) -> None:
    assert refused(api, **{name: None}) == (400, "invalid_request_error", "parameter_missing", name)


@rule("error-codes", "parameter_unknown")
@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"colour": "red"}, "colour"),
        (
            {"allowed_payment_method_types": None, "automatic_payment_methods": {"enabled": True, "colour": "red"}},
            "automatic_payment_methods[colour]",
        ),
    ],
    ids=["at the top", "at depth"],
)
def test_an_unknown_parameter(api: Api, wrong: dict[str, Any], param: str) -> None:
    assert refused(api, **wrong) == (400, "invalid_request_error", "parameter_unknown", param)


@rule("error-codes", "parameter_invalid_integer")
@pytest.mark.parametrize("amount", ["15.00", "many", "-5", "0"])
def test_an_amount_is_a_positive_integer(api: Api, amount: str) -> None:
    assert refused(api, amount=amount) == (400, "invalid_request_error", "parameter_invalid_integer", "amount")


@rule(CURRENCIES, "minimum-and-maximum-charge-amounts")
@differs("D1")
@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        (29, "gbp", "amount_too_small"),
        (49, "usd", "amount_too_small"),
        (49, "eur", "amount_too_small"),
        (100_000_000, "gbp", "amount_too_large"),
    ],
)
def test_an_amount_out_of_bounds(api: Api, amount: int, currency: str, code: str) -> None:
    assert refused(api, amount=amount, currency=currency) == (400, "invalid_request_error", code, "amount")


@rule(CURRENCIES, "eight-digits")
def test_the_most_is_eight_digits(api: Api) -> None:
    assert api.intent(amount=99_999_999)["amount"] == 99_999_999


@rule(CURRENCIES, "zero-decimal")
def test_yen_have_no_minor_unit(api: Api) -> None:
    assert api.intent(amount=500, currency="jpy")["amount"] == 500


@rule(CURRENCIES, "supported")
@differs("D2")
@pytest.mark.parametrize("currency", ["zzz", "pounds"])
def test_an_unknown_currency(api: Api, currency: str) -> None:
    status, kind, _, param = refused(api, currency=currency)
    assert (status, kind, param) == (400, "invalid_request_error", "currency")


@rule(CREATE, "enums")
@pytest.mark.parametrize(
    ("name", "value"), [("capture_method", "automatc"), ("allowed_payment_method_types", ["barter"])]
)
def test_a_misspelt_word(api: Api, name: str, value: Any) -> None:
    status, kind, _, param = refused(api, **{name: value})
    assert (status, kind) == (400, "invalid_request_error")
    assert param.startswith(name)


@rule(METADATA, "data-limits")
@pytest.mark.parametrize(
    "metadata",
    [{"k" * 41: "v"}, {"k": "v" * 501}, {f"k{number}": "v" for number in range(51)}],
    ids=["41 characters of a key", "501 characters of a value", "51 pairs"],
)
def test_metadata_beyond_its_limits(api: Api, metadata: dict[str, str]) -> None:
    status, kind, _, param = refused(api, metadata=metadata)
    assert (status, kind) == (400, "invalid_request_error")
    assert param.startswith("metadata")


@rule(METADATA, "data-limits-reached")
def test_metadata_at_its_limits(api: Api) -> None:
    metadata = {str(number).rjust(40, "k"): "v" * 500 for number in range(50)}
    assert api.intent(metadata=metadata)["metadata"] == metadata


@rule("changelog", "2026-09-30-removes-payment_method_types-from-intents")
@pytest.mark.parametrize(
    ("version", "status"), [(VERSION, 400), ("2026-09-30.endive", 400), ("2026-07-29.dahlia", 200)]
)
def test_payment_method_types_depend_on_the_version(api: Api, version: str, status: int) -> None:
    form = cards_only(allowed_payment_method_types=None, payment_method_types=["card"])
    answer = api.post("payment_intents", form, version=version)
    assert answer.status == status, answer.body
    if status == 400:
        assert answer.error["code"] == "payment_method_types_no_longer_supported"


@rule("changelog", "2026-07-29-adds-allowed_payment_method_types")
@pytest.mark.parametrize("excluded", [{"automatic_payment_methods": {"enabled": True}}], ids=str)
def test_allowed_types_exclude_automatic_ones(api: Api, excluded: dict[str, Any]) -> None:
    assert refused(api, **excluded)[:2] == (400, "invalid_request_error")


@rule("api/versioning", "the-answer-names-the-version")
def test_the_answer_names_its_version(api: Api) -> None:
    answer = api.get("payment_intents", {"limit": 1})
    assert answer.headers["Stripe-Version"] == VERSION
