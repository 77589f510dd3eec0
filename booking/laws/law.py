from dataclasses import dataclass


@dataclass(frozen=True)
class Law:
    """`query` answers (subject, wrong) of everything that breaks the sentence.

    Portable SQL, no row loaded. `:grace` is the moment before which everything half-done should have been finished by a
    command, `:half_done` the one before which Stripe's own repetitions should have told it.
    """

    name: str
    sentence: str
    query: str
