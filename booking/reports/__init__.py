"""How the studio is doing, in numbers: what each report counts, in a few grouped queries that read only."""
