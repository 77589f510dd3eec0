"""How Twilio says no, at once or later."""

from __future__ import annotations

from typing import Any


class TwilioError(Exception):
    """Twilio says no: an HTTP status, an error code, a sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @property
    def body(self) -> dict[str, Any]:
        """The refusal in Twilio's shape."""
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": str(self), "more_info": more, "status": self.status}


OPTED_OUT = TwilioError(400, 21610, "Attempt to send to unsubscribed recipient")
TOO_MANY = TwilioError(429, 20429, "Too Many Requests")

# What a message that was accepted can still end with: its last status, and the words beside the code.
LATER: dict[int, tuple[str, str]] = {
    63003: ("undelivered", "Channel could not find the To address"),
    63015: ("failed", "The channel's sandbox only sends to numbers that have joined it"),
    63016: ("failed", "Free text outside the 24-hour window: WhatsApp wants a message template"),
    63017: ("failed", "Too many attempts for this channel: rate limit of the account"),
    63018: ("failed", "Rate limit exceeded for the channel"),
    63021: ("failed", "The channel says that the content is invalid: too long or malformed"),
    63024: ("undelivered", "Invalid message recipient"),
    63028: ("failed", "The variables are not those of the template"),
}
