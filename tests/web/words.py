"""The frontend's words: the texts of `web/texts.js`, and the strings of its scripts."""

import re
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "web"
TEXTS = WEB / "texts.js"
# A key that opens a group or has a text, and the end of a group.
ENTRY = re.compile(r'(\w+):\s*(?:(\{)|"((?:[^"\\]|\\.)*)")|\}')
FORMS = {"one", "other"}
COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
# A template may hold another one in what is filled in.
FILLED = r"\$\{(?:[^`{}]|\{[^{}]*\}|`[^`]*`)*\}"
STRING = re.compile(rf'"((?:[^"\\\n]|\\.)*)"|`((?:{FILLED}|[^`\\]|\\.)*)`')
LATIN, OTHER = "abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстуввхыз"
LETTERS = str.maketrans(LATIN + LATIN.upper(), OTHER + OTHER.upper())


def texts(file: Path = TEXTS) -> dict[str, str]:
    """Every text by its name; the forms of one that counts stand under one name."""
    found: dict[str, str] = {}
    path: list[str] = []
    for entry in ENTRY.finditer(file.read_text().partition("export const texts =")[2]):
        key, opens, text = entry.groups()
        if opens:
            path.append(key)
        elif key is None:
            path[-1:] = []
        else:
            name = ".".join([*path, *([] if key in FORMS else [key])])
            found[name] = found.get(name, "") + text
    return found


def scripts() -> dict[str, str]:
    """The scripts, without the texts and without comments."""
    return {path.name: COMMENT.sub("", path.read_text()) for path in WEB.glob("*.js") if "texts" not in path.name}


def strings(script: str) -> Iterator[str]:
    """The strings of a script, those inside of what is filled in too."""
    for plain, template in STRING.findall(script):
        yield plain or template
        for filled in re.findall(FILLED, template):
            yield from strings(filled[2:-1])


def translated() -> str:
    """`texts.js` in other letters, as a translator would hand it back."""
    return re.sub(r'"((?:[^"\\]|\\.)*)"', lambda text: f'"{_translated(text[1])}"', TEXTS.read_text())


def _translated(text: str) -> str:
    return "".join(part if part.startswith("{") else part.translate(LETTERS) for part in re.split(r"(\{\w+\})", text))
