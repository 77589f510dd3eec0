"""The part of the Twilio API that is served here, and its callbacks."""
