"""A Stripe and a Twilio on this machine, in memory, for whoever has no keys."""
