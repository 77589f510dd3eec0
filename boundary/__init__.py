"""The edges of every app: transaction (network, after the commit), web (envelope), desk (books, command)."""
