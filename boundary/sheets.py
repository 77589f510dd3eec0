"""A CSV file as spreadsheets write it, row by row: one that cannot be read says so, and the next is read."""

import csv
import sys
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import BinaryIO, TextIO

LONGEST_LINE = 20_000
MOST_LINES = 200
NOT_UTF8 = "is not UTF-8: save the file as “CSV UTF-8”"
UNCLOSED = 'a quote (") is opened and not closed'


class BadSheet(Exception):
    """Nothing of the file can be read, for the reason it gives."""


@dataclass(frozen=True)
class Line:
    """One line of the file, with its number from 1 on; its text is empty when there is a problem."""

    number: int
    text: str
    problem: str = ""


@dataclass(frozen=True)
class Row:
    """One row of the sheet: where it begins, and its cells by column, or what is wrong with it."""

    line: int
    last_line: int
    cells: dict[str, str] = field(default_factory=dict)
    problem: str = ""


@contextmanager
def opened(path: str) -> Iterator[TextIO]:
    """The file as text, in UTF-8 with or without a BOM, whatever its line ends; `-` is standard input."""
    try:
        source: BinaryIO = sys.stdin.buffer if path == "-" else open(path, "rb")  # noqa: SIM115 - closed below
    except (OSError, ValueError) as error:
        raise BadSheet(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    # What is no UTF-8 spoils its own line alone.
    text = TextIOWrapper(source, encoding="utf-8-sig", errors="surrogateescape", newline=None)
    try:
        yield text
    finally:
        if path == "-":
            text.detach()
        else:
            text.close()


def lines_in(path: str) -> int:
    """How many lines a file has; 0 for standard input, which can be read only once."""
    if path == "-":
        return 0
    with opened(path) as source:
        return sum(part.endswith("\n") for part in iter(lambda: source.readline(LONGEST_LINE), ""))


class Sheet:
    """The rows below a header that names its columns in any order, between commas or semicolons.

    Reads as it goes, and never holds more than one row. BadSheet when the header will not do.
    """

    def __init__(self, source: TextIO, *, columns: Collection[str], required: Collection[str] = ()) -> None:
        self._source = source
        self._number = 0
        self._put_back: deque[Line] = deque()
        line = self._header_line()
        self._delimiter = ";" if ";" in line.text else ","
        self.columns = self._header(line, known=columns, required=required)

    def __iter__(self) -> Iterator[Row]:
        while (line := self._next()) is not None:
            row = self._row(line)
            if row is not None:
                yield row

    def _header_line(self) -> Line:
        while (line := self._next()) is not None:
            if line.problem:
                raise BadSheet(f"line {line.number} {line.problem}")
            # A line by which Excel tells itself what stands between the columns.
            if line.text.strip(' \n",;') and not line.text.startswith("sep="):
                return line
        raise BadSheet("the file is empty: its first line names the columns")

    def _header(self, line: Line, *, known: Collection[str], required: Collection[str]) -> list[str]:
        names = [name.strip().lower() for name in (self._cells([line]) or [])]
        while names and not names[-1]:
            names.pop()
        if unknown := sorted({name or "(no name)" for name in names} - set(known)):
            raise BadSheet(f"unknown columns: {', '.join(unknown)}; known are {', '.join(known)}")
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise BadSheet(f"columns that stand there twice: {', '.join(twice)}")
        if missing := sorted(set(required) - set(names)):
            raise BadSheet(f"columns that are missing: {', '.join(missing)}")
        return names

    def _row(self, first: Line) -> Row | None:
        """The row that begins with this line; None when it is blank."""
        lines, problem = self._lines_of(first)
        cells = [] if problem else self._cells(lines)
        if cells is None:
            # A quote too many may have swallowed the lines below: each of them is read anew.
            self._put_back.extendleft(reversed(lines[1:]))
            lines, problem = lines[:1], "the quotes do not add up"
        elif not problem and not any(cells):
            return None
        elif not problem and (len(cells) < len(self.columns) or any(cells[len(self.columns) :])):
            problem = f"{len(cells)} cells, where the header names {len(self.columns)} columns"
        named = {} if problem else dict(zip(self.columns, cells or (), strict=False))
        return Row(first.number, lines[-1].number, named, problem)

    def _lines_of(self, first: Line) -> tuple[list[Line], str]:
        """The lines of one row: a cell in quotes may hold line breaks."""
        lines, quotes = [first], first.text.count('"')
        while not first.problem and quotes % 2:
            following = self._next()
            if following is None or following.problem or len(lines) == MOST_LINES:
                self._put_back.extendleft(reversed([*lines[1:], *([following] if following else [])]))
                return [first], UNCLOSED
            lines.append(following)
            quotes += following.text.count('"')
        return lines, first.problem

    def _cells(self, lines: list[Line]) -> list[str] | None:
        """The cells of one row, without the space around them; None when that is not what the lines are."""
        try:
            rows = list(csv.reader([line.text for line in lines], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        return [cell.strip() for cell in rows[0]] if len(rows) == 1 else None

    def _next(self) -> Line | None:
        if self._put_back:
            return self._put_back.popleft()
        text = self._source.readline(LONGEST_LINE)
        if not text:
            return None
        self._number += 1
        if len(text) == LONGEST_LINE and not text.endswith("\n"):
            while (rest := self._source.readline(LONGEST_LINE)) and not rest.endswith("\n"):
                pass
            return Line(self._number, "", f"is longer than {LONGEST_LINE} characters; is a quote not closed?")
        if "\0" in text:
            return Line(self._number, "", "holds a NUL character: is it a CSV file in UTF-8?")
        return Line(self._number, text) if _is_text(text) else Line(self._number, "", NOT_UTF8)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
