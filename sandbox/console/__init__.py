"""The page at `/`: what the program asked of Stripe and Twilio, and a hand to play everybody else."""
