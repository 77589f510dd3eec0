"""What is deployed, and what is written of it."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
OPERATIONS = ROOT / "docs" / "operations.md"
SERVED = "gunicorn -c config/gunicorn.py config.wsgi"


def anchors(page: Path) -> list[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]


def table(page: Path, head: str) -> dict[str, list[str]]:
    """The rows of the table whose head begins so, by their first cell, code marks taken away."""
    rows = page.read_text().split(f"| {head} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    cells = [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows]
    return {first: rest for first, *rest in cells}
