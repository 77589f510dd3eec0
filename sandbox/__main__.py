"""`python -m sandbox`: see `--help`."""

from __future__ import annotations

import sys

from sandbox.command_line import main

sys.exit(main(sys.argv[1:]))
