"""The part of the Stripe API that is served here, and its webhooks."""
