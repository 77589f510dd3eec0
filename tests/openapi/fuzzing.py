"""Requests that schemathesis makes up from the document, sent to the program by staff, a member and nobody."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from tests.openapi.document import drawn
from tests.openapi.studio import Studio

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FIRST_ROUND, ROUND = 4, 40


@dataclass
class Found:
    """How often each status was answered, per operation, and every answer that broke a promise."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def cases(self, operation: str | None = None) -> int:
        return sum(number for (name, _), number in self.statuses.items() if operation in (None, name))


def fuzz(studio: Studio, cases: int, start: int) -> Found:
    """At least so many requests, the operations in turns; the same seed makes the same requests."""
    found, schema = Found(), schemathesis.openapi.from_dict(drawn())
    schema.app = application
    operations: list[APIOperation] = [result.ok() for result in schema.get_all_operations()]
    for number in range(start, start + cases):
        for operation in operations:
            size = ROUND if number > start else FIRST_ROUND
            for mode in GenerationMode:
                if mode == GenerationMode.POSITIVE or _can_be_wrong(operation):
                    _round(studio, operation.as_strategy(mode), size, number, found)
            if found.cases() >= cases:
                return found
    raise AssertionError


def _can_be_wrong(operation: APIOperation) -> bool:
    """Whether it takes anything that a request could get wrong."""
    return bool(operation.body or operation.query or operation.path_parameters)


def _round(studio: Studio, requests: st.SearchStrategy[Case], size: int, number: int, found: Found) -> None:
    """Some requests to one operation; nothing is made smaller, for every broken promise is kept."""

    @seed(number)
    @settings(
        max_examples=size,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=requests, who=st.sampled_from(Studio.WHO), place=st.integers(0, 9))
    def ask(case: Case, who: str, place: int) -> None:
        studio.address(case, who, place)
        answer = case.call()
        found.statuses[case.operation.label, answer.status_code] += 1
        found.faults += [f"{fault}\n{case.as_curl_command()}" for fault in _faults(case, answer)]

    ask()


def _faults(case: Case, answer: Any) -> Iterator[str]:
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        yield from (f"{type(fault).__name__} {answer.status_code}: {fault}" for fault in group.exceptions)
