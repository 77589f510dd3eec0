import pytest
import stripe

GOOD = {"amount": "1500", "currency": "gbp"}


def refused(sandbox, form, **headers):
    answer = sandbox.raw("POST", "/v1/payment_intents", data=form, headers=headers)
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ({"currency": "gbp"}, "parameter_missing", "amount"),
        ({"amount": "1500"}, "parameter_missing", "currency"),
        ({**GOOD, "amount": "15.00"}, "parameter_invalid_integer", "amount"),
        ({**GOOD, "amount": "many"}, "parameter_invalid_integer", "amount"),
        ({**GOOD, "amount": "-5"}, "parameter_invalid_integer", "amount"),
        ({**GOOD, "amount": "0"}, "parameter_invalid_integer", "amount"),
        ({**GOOD, "amount": "29"}, "amount_too_small", "amount"),
        ({"amount": "49", "currency": "jpy"}, "amount_too_small", "amount"),
        ({**GOOD, "amount": "100000000"}, "amount_too_large", "amount"),
        ({**GOOD, "amount": "9" * 40}, "amount_too_large", "amount"),
        ({**GOOD, "currency": "zzz"}, None, "currency"),
        ({**GOOD, "currency": "pounds"}, None, "currency"),
        ({**GOOD, "colour": "red"}, "parameter_unknown", "colour"),
        (
            {**GOOD, "automatic_payment_methods[colour]": "red"},
            "parameter_unknown",
            "automatic_payment_methods[colour]",
        ),
        ({**GOOD, "metadata": "text"}, None, "metadata"),
        ({**GOOD, "metadata[" + "k" * 41 + "]": "v"}, None, "metadata"),
        ({**GOOD, "metadata[k]": "v" * 501}, None, "metadata[k]"),
        ({**GOOD, **{f"metadata[k{number}]": "v" for number in range(51)}}, None, "metadata"),
        ({**GOOD, "capture_method": "later"}, None, "capture_method"),
        ({**GOOD, "receipt_email": "nobody"}, "email_invalid", "receipt_email"),
        ({**GOOD, "statement_descriptor_suffix": "x" * 23}, None, "statement_descriptor_suffix"),
        ({**GOOD, "allowed_payment_method_types": "card"}, None, "allowed_payment_method_types"),
        ({**GOOD, "allowed_payment_method_types[]": "barter"}, None, "allowed_payment_method_types[0]"),
        ({**GOOD, "expand[]": "amount"}, None, "expand"),
        ({"amount[x]": "1", "currency": "gbp"}, None, "amount"),
        ({**GOOD, "broken[": "1"}, None, "broken["),
    ],
    ids=lambda value: str(value)[-40:] if isinstance(value, dict) else None,
)
def test_a_wrong_parameter_is_refused_by_name(sandbox, form, code, param):
    error = refused(sandbox, form)
    assert (error["type"], error.get("code"), error["param"]) == ("invalid_request_error", code, param)


def test_the_least_and_the_most_are_accepted(sandbox):
    for amount in ("30", "99999999"):
        assert sandbox.raw("POST", "/v1/payment_intents", data={**GOOD, "amount": amount}).status_code == 200


def test_fifty_pairs_at_their_longest_are_accepted(sandbox):
    pairs = {f"metadata[{str(number).rjust(40, 'k')}]": "v" * 500 for number in range(50)}
    answer = sandbox.raw("POST", "/v1/payment_intents", data={**GOOD, **pairs})
    assert len(answer.json()["metadata"]) == 50


@pytest.mark.parametrize("version", ["2026-09-30.endive", "2026-10-28.endive"])
def test_payment_method_types_is_refused_by_new_versions(sandbox, version):
    error = refused(sandbox, {**GOOD, "payment_method_types[]": "card"}, **{"Stripe-Version": version})
    assert error["code"] == "payment_method_types_no_longer_supported"


@pytest.mark.parametrize("headers", [{}, {"Stripe-Version": "2026-07-29.dahlia"}], ids=["none", "older"])
def test_payment_method_types_is_accepted_by_older_versions(sandbox, headers):
    answer = sandbox.raw(
        "POST", "/v1/payment_intents", data={**GOOD, "payment_method_types[]": "card"}, headers=headers
    )
    assert answer.json()["payment_method_types"] == ["card"]


def test_confirm_refuses_payment_method_types_too(client, intent):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.confirm(intent.id, {"payment_method_types": ["card"]})
    assert refusal.value.error.code == "payment_method_types_no_longer_supported"


def test_allowed_types_exclude_automatic_ones(sandbox):
    error = refused(
        sandbox, {**GOOD, "allowed_payment_method_types[]": "card", "automatic_payment_methods[enabled]": "true"}
    )
    assert "only specify one" in error["message"]


def test_each_operation_takes_its_own_parameters_only(client, intent):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.cancel(intent.id, {"amount": 5})
    assert (refusal.value.error.code, refusal.value.error.param) == ("parameter_unknown", "amount")
