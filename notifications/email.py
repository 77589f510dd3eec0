"""A message as an e-mail: its text, and the way through Django's mail."""

import logging
import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from boundary.network import leave_database
from members.models import Member
from notifications.exceptions import NotSent, OutcomeUnknown, Refused
from notifications.models import Message
from notifications.templates import letter

logger = logging.getLogger(__name__)


def can_reach(member: Member) -> bool:
    """Whether the member has an address: who erased themselves has none, who is blocked still hears of their money."""
    return bool(member.email) and not member.email.lower().endswith(".invalid")


def send(message: Message) -> None:
    """Hand the message to the mail server, once. Network: outside transactions.

    NotSent when it surely did not take it, Refused when it never will, OutcomeUnknown when the connection was lost
    after the text had left.
    """
    leave_database()
    mail = _written(message)
    connection = get_connection()
    try:
        _open(connection)
        _hand_over(mail, connection)
    finally:
        _close(connection)


def _open(connection: Any) -> None:
    try:
        connection.open()
    except OSError as error:  # all of smtplib's errors are among them
        raise NotSent(_code(error)) from error


def _hand_over(mail: EmailMessage, connection: Any) -> None:
    try:
        connection.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as error:
        [(code, _)] = error.recipients.values()
        raise (NotSent if code < 500 else Refused)(str(code)) from error
    except smtplib.SMTPSenderRefused as error:  # our own address: a setting may be put right
        raise NotSent(_code(error)) from error
    except smtplib.SMTPDataError as error:
        raise (NotSent if error.smtp_code < 500 else Refused)(_code(error)) from error
    except (smtplib.SMTPNotSupportedError, ValueError) as error:
        raise Refused("address") from error
    except OSError as error:
        # Only our own backend can tell how far it got; of any other nobody knows.
        surely_not = getattr(connection, "handed_over", True) is False
        raise (NotSent if surely_not else OutcomeUnknown)(_code(error)) from error


def _written(message: Message) -> EmailMessage:
    subject, text = letter(message.kind, message.variables)
    about, _, reference = message.subject.partition(":")
    link = f"{settings.PUBLIC_BASE_URL}/"
    if about == "booking":
        link += f"?booking={reference.partition(':')[0]}"
    return EmailMessage(subject, f"{text}\n\n{link}\n", to=[message.member.email])


def _close(connection: Any) -> None:
    """Say goodbye; what goes wrong with that changes nothing about the mail."""
    try:
        connection.close()
    except OSError:
        logger.info("The mail server did not say goodbye", exc_info=True)


def _code(error: OSError) -> str:
    """A reason without the server's words: they may name the address."""
    return str(getattr(error, "smtp_code", "")) or type(error).__name__
