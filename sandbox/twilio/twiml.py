"""What a program answers to a message it was sent: TwiML, or plain text."""

from __future__ import annotations

from xml.etree import ElementTree

LONGEST = 64 * 1024


def replies(kind: str, text: str) -> list[str]:
    """The messages that the answer asks for; ValueError says why it cannot be read. `kind` is its content type."""
    if not text.strip():
        return []
    if kind == "text/plain":
        return [text.strip()]
    if not kind.endswith("/xml"):
        raise ValueError(f"12300: the answer is {kind}; text/xml, application/xml or text/plain is wanted")
    if "<!" in text:
        raise ValueError("12100: the answer is no TwiML: it declares a document type")
    try:
        answer = ElementTree.fromstring(text)  # noqa: S314 -- no document type, so no entities
    except ElementTree.ParseError as error:
        raise ValueError(f"12100: the answer is no TwiML: {error}") from error
    if answer.tag != "Response":
        raise ValueError(f"12100: the answer is no TwiML: <Response> is wanted, not <{answer.tag}>")
    bodies = (message.findtext("Body") or message.text or "" for message in answer.iter("Message"))
    return [body.strip() for body in bodies if body.strip()]
