"""The laws of the design, judged from outside: by plain rows and by what Stripe and Twilio say.

Nothing here asks the program, or knows how it does what it does. Each law answers what breaks it.
"""
