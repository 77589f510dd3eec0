"""The Stripe.js of the sandbox: a script for the page, and the frames it opens."""
