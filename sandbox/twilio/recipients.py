"""Numbers that always end the same way: +1500555 and the last four digits of an error code, and a few more."""

from __future__ import annotations

from sandbox.twilio.refusals import LATER, OPTED_OUT, TOO_MANY, TwilioError

Course = tuple[tuple[str, int | None], ...]

DELIVERED: Course = (("sent", None), ("delivered", None), ("read", None))

NO_SENDER = "whatsapp:+15005550007"
STAYS_SENT = "whatsapp:+15005550010"
NEVER_READ = "whatsapp:+15005550011"
SILENT = "whatsapp:+15005550012"

INVALID_NUMBER = TwilioError(400, 21211, "Invalid 'To' Phone Number: the sandbox sends to whatsapp:+E164 only")


def _at(digits: str) -> str:
    return f"whatsapp:+1500555{digits}"


_REFUSED = {
    _at("0001"): INVALID_NUMBER,
    _at("1211"): INVALID_NUMBER,
    _at("0009"): OPTED_OUT,
    _at("1610"): OPTED_OUT,
    _at("0429"): TOO_MANY,
    _at("0500"): TwilioError(500, 20500, "Internal Server Error"),
}
_ENDS: dict[str, Course] = {
    STAYS_SENT: DELIVERED[:1],
    NEVER_READ: DELIVERED[:2],
    _at("0063"): (("undelivered", 63024),),
    **{_at(str(code)[1:]): ((status, code),) for code, (status, _) in LATER.items()},
}


def refusal(recipient: str) -> TwilioError | None:
    """What a message to that number is refused with at once, if it is."""
    return _REFUSED.get(recipient)


def course(recipient: str) -> Course:
    """The statuses that a good message to that number passes through, each with its error code."""
    return _ENDS.get(recipient, DELIVERED)
