from dataclasses import dataclass


@dataclass(frozen=True)
class Law:
    """`query` answers (subject, wrong) of everything that breaks the sentence.

    Portable SQL, no row loaded. `:grace` is the moment before which everything half-done should have been finished by a
    command, `:half_done` the one before which Stripe's own repetitions should have told it, and `:offers_reach` the one
    up to which sessions start too soon for an offer.
    """

    name: str
    sentence: str
    query: str
