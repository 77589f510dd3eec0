from django.db import connection


def leave_database() -> None:
    """Call before the network: refuses inside a transaction, and gives the connection back to the pool.

    A connection held across a call of 400 ms costs three quarters of the throughput, and a row lock held across it
    stops everyone else.
    """
    if connection.in_atomic_block:
        raise RuntimeError("a network call inside a transaction")
    connection.close()
