"""What members write on WhatsApp: stored once, acted on once, answered the same however often it is told.

Whoever writes may act: consent is about the messages that we begin. `act` does what the app above knows how to do; it
finds out itself what it has done before, for a process may die between the act and its answer.
"""

import re
import unicodedata
from datetime import datetime
from typing import Protocol

from members.models import Member
from notifications.models import Reply

LONGEST_TEXT = 200
NOBODY = "This number belongs to no member of ours. Add it to your account, then write again."
SEVERAL = "This number belongs to more than one account, so nothing was done. Keep it in one of them, then write again."
STARTED = "You will hear from us on WhatsApp again. Write STOP to end that."
STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT"}
START = {"START", "UNSTOP"}


class Act(Protocol):
    """Do what the words ask for, and say what came of it; empty when it knows no such words."""

    def __call__(self, reply: Reply, words: list[str], /, *, member: Member, now: datetime) -> str: ...


def answer(*, sid: str, phone: str, text: str, act: Act, now: datetime) -> str:
    """The answer to a message of this number, in E.164; empty where there must be none. Network, by way of `act`.

    Of a number that no member has nothing is stored, and of one that several have no words: whose they are is unknown.
    """
    reply = Reply.objects.filter(sid=sid).first()
    if reply is not None and reply.answered_at is not None:
        return reply.answer
    accounts = list(Member.objects.filter(phone=phone, is_active=True).order_by("pk"))
    if not accounts:
        return NOBODY
    text = text[:LONGEST_TEXT]
    known = {"member": accounts[0], "text": text} if len(accounts) == 1 else {}
    reply = _keep(Reply(sid=sid, phone=phone, received_at=now, **known))
    reply.record_answer(_act(reply, words_of(text), accounts, act, now), now)
    return reply.answer


def words_of(text: str) -> list[str]:
    """In capitals, without punctuation, in whatever shape of letters the phone has sent."""
    return re.findall("[A-Z0-9]+", unicodedata.normalize("NFKC", text).upper())


def _keep(reply: Reply) -> Reply:
    """As it was first told, if it was told before."""
    Reply.objects.bulk_create([reply], ignore_conflicts=True)
    return Reply.objects.get(sid=reply.sid)


def _act(reply: Reply, words: list[str], accounts: list[Member], act: Act, now: datetime) -> str:
    words = [word for word in words if word != "PLEASE"]
    # To hear nothing more, any sentence that begins so will do; all else must be the very words.
    if words and words[0] in STOP:
        _consent(accounts, False)
        return ""
    if len(words) == 1 and words[0] in START:
        _consent(accounts, True)
        return STARTED
    if len(accounts) > 1:
        return SEVERAL
    return act(reply, words, member=accounts[0], now=now)


def _consent(accounts: list[Member], given: bool) -> None:
    Member.objects.filter(pk__in=[member.pk for member in accounts]).update(whatsapp_opt_in=given)
