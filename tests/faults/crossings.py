"""Crossings: every step the program takes across its edge, named so that the same step has the same name again."""

import re
from dataclasses import dataclass

TEXT = re.compile(r"'(?:[^']|'')*'")
CAST = re.compile(r"::[a-z]+")
NUMBER = re.compile(r"\b\d+\b")
SAVEPOINT = re.compile(r'"s\d+_x\d+"')
ROWS = re.compile(r"\(\?(?:, \?)*\)")
TABLE = re.compile(r'(?:FROM|INTO|UPDATE) "(\w+)"')
IDENTIFIER = re.compile(r"/(?:pi|re|ch|dp|evt|AC)_?[0-9A-Za-z]{6,}")


@dataclass(frozen=True)
class Crossing:
    """The n-th time that one thing is asked or told in one flow."""

    where: str  # database, web or client
    what: str
    nth: int

    def __str__(self) -> str:
        return f"{self.where} {brief(self.what)} #{self.nth}"


def statement(text: str) -> str:
    """A statement without its values: the same line of the program has always the same one."""
    plain = NUMBER.sub("?", CAST.sub("", TEXT.sub("?", SAVEPOINT.sub('"savepoint"', text))))
    return ROWS.sub("(?)", " ".join(plain.split())) or "(is it alive?)"


def request(method: str, target: str) -> str:
    """An HTTP request without the names of objects."""
    return f"{method} {IDENTIFIER.sub('/…', target.partition('?')[0])}"


def brief(what: str) -> str:
    """For people: the verb and the table of a statement; everything else as it is."""
    table = TABLE.search(what)
    return f"{what.split()[0]} {table[1]}" if table else what[:60]
