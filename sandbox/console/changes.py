"""Which sections of the snapshot changed since a page last looked."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping


class Changes:
    """The sections as they were last written down, each with the version at which it last changed."""

    def __init__(self) -> None:
        # Above every version of an earlier process, so that a page which outlives it is sent everything.
        self.version = int(time.time() * 1000)
        self._sections: dict[str, tuple[int, str]] = {}

    def note(self, sections: Mapping[str, object]) -> None:
        """Compare with what was seen before; whatever differs gets a new version."""
        written = {name: json.dumps(section) for name, section in sections.items()}
        changed = {name: text for name, text in written.items() if self._sections.get(name, (0, ""))[1] != text}
        if changed:
            self.version += 1
            self._sections |= {name: (self.version, text) for name, text in changed.items()}

    def since(self, version: int) -> dict[str, str]:
        """The sections newer than that version, as JSON; all of them for a version of nobody's."""
        known = version if version <= self.version else 0
        return {name: text for name, (changed, text) in self._sections.items() if changed > known}
