"""The two edges of a transaction: what waits for its commit, and what must never happen inside it."""
