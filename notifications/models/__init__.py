"""The rows of the app, by what they are about."""

from notifications.models.message import BACK_OFF, CLAIM, Message
from notifications.models.reply import Reply

__all__ = ["BACK_OFF", "CLAIM", "Message", "Reply"]
