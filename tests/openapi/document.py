"""`docs/openapi.yaml`, read once: which answers it promises, and what is wrong with one that was given."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
# The bodies and the answers of these are Stripe's, Twilio's or a browser's; docs/api.md names them.
NOT_DRAWN = ("/api/booking/stripe/", "/api/notifications/twilio/", "/api/schema/", "/api/docs/")
formats = FormatChecker(formats=())


@formats.checks("date-time", raises=ValueError)
def _is_utc(value: object) -> bool:
    return not isinstance(value, str) or (value.endswith("Z") and bool(datetime.fromisoformat(value)))


@dataclass(frozen=True)
class Operation:
    """One method of one path of the document."""

    method: str
    path: str
    pattern: re.Pattern[str]
    drawn: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def drawn() -> dict[str, Any]:
    """The whole document."""
    document: dict[str, Any] = yaml.load(FILE.read_text(), yaml.CSafeLoader)
    return document


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation, a path without parameters before one with."""
    found = [
        Operation(method.upper(), path, _pattern(path, operation.get("parameters", ())), operation)
        for path, item in drawn()["paths"].items()
        for method, operation in item.items()
    ]
    return tuple(sorted(found, key=lambda one: "{" in one.path))


def faults(method: str, path: str, status: int, kind: str, body: bytes) -> Iterator[str]:
    """What the document does not promise of an answer; nothing for a path or method it does not draw."""
    method = "GET" if method == "HEAD" else method
    for operation in operations():
        if operation.method == method and operation.pattern.fullmatch(path):
            yield from _faults_of(operation, status, kind, body)
            return
    if status not in (404, 405) and method != "OPTIONS" and not path.startswith(NOT_DRAWN):
        yield f"{method} {path} answers {status}, and the document does not draw it"


def _faults_of(operation: Operation, status: int, kind: str, body: bytes) -> Iterator[str]:
    promised = operation.drawn["responses"].get(str(status))
    if promised is None:
        yield f"{operation}: {status} is not documented: {body[:300]!r}"
        return
    kinds = promised.get("content", {})
    if not kinds and not body:
        return
    kind = kind.partition(";")[0]
    if kind not in kinds:
        yield f"{operation}: {status} comes as {kind!r}, not as one of {[*kinds]}"
    elif kind == "application/json" and body:
        yield from _faults_in(operation, str(status), json.loads(body), promised["description"])


def _faults_in(operation: Operation, status: str, body: Any, description: str) -> Iterator[str]:
    for error in _validator(operation.method, operation.path, status).iter_errors(body):
        yield f"{operation}: {status} {error.json_path}: {error.message[:300]}"
    codes = re.findall(r"`([a-z_]+)`", description)
    if status >= "401" and body["errors"][0]["code"] not in codes:
        yield f"{operation}: {status} has the code {body['errors'][0]['code']}, not one of {codes}"


@cache
def _validator(method: str, path: str, status: str) -> Draft202012Validator:
    answer = drawn()["paths"][path][method.lower()]["responses"][status]
    schema = answer["content"]["application/json"]["schema"]
    return Draft202012Validator({**_closed(schema), "components": _closed_components()}, format_checker=formats)


@cache
def _closed_components() -> Any:
    return _closed(drawn()["components"])


def _closed(schema: Any) -> Any:
    """The same schema, where an object has no field but those that are drawn."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        closed.setdefault("additionalProperties", False)
    return closed


def _pattern(path: str, parameters: Any) -> re.Pattern[str]:
    """What matches the path: as the document says of each parameter."""
    schemas = {one["name"]: one["schema"] for one in parameters if one["in"] == "path"}
    parts = re.split(r"\{(\w+)\}", path)
    for place in range(1, len(parts), 2):
        schema = schemas[parts[place]]
        parts[place] = "[0-9]+" if schema["type"] == "integer" else schema["pattern"].strip("^$")
    parts[::2] = [re.escape(part) for part in parts[::2]]
    return re.compile("".join(parts))
