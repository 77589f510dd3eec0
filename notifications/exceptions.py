"""What sending may end in, besides success; by WhatsApp and by e-mail."""


class NotSent(Exception):
    """It was surely not taken, and may be later."""


class Refused(Exception):
    """It will not be taken; the code says why."""


class OutcomeUnknown(Exception):
    """No answer that tells whether it was taken."""


class StillAtWork(OutcomeUnknown):
    """No answer in time: it may yet be taken."""
