"""The operations of the Stripe API, a file for each kind of object: path, parameters, what is done."""
