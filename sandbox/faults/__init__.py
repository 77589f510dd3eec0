"""What goes wrong on purpose: the script of faults, and how each spoils a request. Deliveries spoil themselves."""
