import secrets

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_reference() -> str:
    """Eight random characters of Crockford's base 32: a name for people that cannot be guessed."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(8))
