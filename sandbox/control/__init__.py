"""The hand on the sandbox, under /_sandbox/: act as payer, bank, network or phone; look; reset. No key needed."""
