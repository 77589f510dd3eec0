"""The hand on a running sandbox from the command line: `python -m sandbox pay pi_…`."""
