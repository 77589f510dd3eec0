"""`docs/frontend.md`, read: its blocks in order, what happens between them, and whether an answer is as it is shown."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[2] / "docs" / "frontend.md"
PART = re.compile(
    r"^<!-- (?P<mark>tried|meanwhile): (?P<name>.+) -->$|^```(?P<kind>.*)\n(?P<text>(?:.*\n)*?)```$", re.M
)
KINDS = ("html", "http", "js", "jsx")
MODULE = "// holdfast.js\n"
# What is another each time: it has to be of the same kind, not the same.
VARIES = re.compile(
    r"\w+_at|at|by|until|id|session|pack|reference|purchase|booking|subject|quote|url|next|previous"
    r"|server_time|stripe_\w+|session_token"
)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass
class Block:
    """One block: `act` is what happens before it, `answer` the JSON that is shown below it."""

    name: str
    kind: str
    text: str
    act: str | None = None
    answer: str | None = None


def blocks(text: str | None = None) -> list[Block]:
    """Every block of the guide, or of a text like it. One that nothing would try is refused."""
    found: list[Block] = []
    name = act = None
    for part in PART.finditer(FILE.read_text() if text is None else text):
        if part["mark"] == "meanwhile":
            act = part["name"]
        elif part["mark"]:
            name = part["name"]
        elif part["kind"] == "json" and name is None and found and found[-1].answer is None:
            found[-1].answer = part["text"]
        else:
            assert name is not None, f"this block has no mark, so that nothing tries it:\n{part['text']}"
            assert part["kind"] in KINDS, f"nothing tries a block of {part['kind'] or 'no kind'}: {name}"
            found.append(Block(name, part["kind"], part["text"], act))
            name = act = None
    assert name is act is None
    assert len({block.name for block in found}) == len(found)
    return found


def block(name: str) -> str:
    [text] = [block.text for block in blocks() if block.name == name]
    return text


def module() -> str:
    """The file `holdfast.js` that the guide lets its reader write."""
    text = "".join(block.text for block in blocks() if block.text.startswith(MODULE))
    names = re.findall(r"^(?:async function|const) (\w+)", text, re.M)
    return f"{text}\nexport {{ {', '.join(names)} }};\n"


def differences(shown: Any, given: Any, at: str = "$") -> Iterator[str]:
    """Where an answer is not what is shown; of a list the first rows may be shown alone."""
    if isinstance(shown, dict) and isinstance(given, dict):
        if shown.keys() != given.keys():
            yield f"{at} has {sorted(given)}, not {sorted(shown)}"
        for name in shown.keys() & given.keys():
            yield from differences(shown[name], given[name], f"{at}.{name}")
    elif isinstance(shown, list) and isinstance(given, list):
        if len(given) < len(shown) or bool(given) != bool(shown):
            yield f"{at} has {len(given)} rows, not {len(shown)}"
        for place, (one, other) in enumerate(zip(shown, given, strict=False)):
            yield from differences(one, other, f"{at}[{place}]")
    elif VARIES.fullmatch(at.rpartition(".")[2]):
        if (type(shown), is_moment(shown)) != (type(given), is_moment(given)):
            yield f"{at} is {given!r}, of another kind than {shown!r}"
    elif (type(shown), shown) != (type(given), given):
        yield f"{at} is {given!r}, not {shown!r}"


def is_moment(value: Any) -> bool:
    return isinstance(value, str) and MOMENT.fullmatch(value) is not None


def wrong_answer(block: Block, given: Any) -> str:
    """What is wrong with an answer to a block, with the answer as it could be shown; empty when nothing is."""
    found = [*differences(json.loads(block.answer or ""), given)]
    return "\n".join([f"{block.name}:", *found, json.dumps(given, ensure_ascii=False)]) if found else ""
