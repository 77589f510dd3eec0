"""A page of docs/ whose figures a command writes between two marks; the text around them stays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any


def put(page: Path, command: str, lines: list[str]) -> None:
    """Write the lines between the marks that name the command."""
    marks = re.compile(rf"(<!-- figures: {re.escape(command)} -->\n).*?(<!-- end -->)", re.DOTALL)
    page.write_text(marks.sub(lambda found: found[1] + "\n".join(lines) + found[2], page.read_text()))


def table(columns: list[str], rows: list[list[Any]]) -> list[str]:
    """A table in Markdown, and an empty line."""
    lines = [columns, ["---"] * len(columns), *rows]
    return [*("| " + " | ".join(map(str, row)) + " |" for row in lines), ""]


def pictures(folder: Path, *names: str) -> list[str]:
    """The plots of these names, which stand in a folder beside the page, and an empty line."""
    return [*(f"![{name}]({folder.name}/{name}.svg)" for name in names), ""]
