"""The answers that many operations give, each asked for in the same way."""

from collections.abc import Callable
from typing import Any

from psycopg import errors

from tests.boundary.test_database_faults import at
from tests.cast import Caller
from tests.openapi.document import Operation
from tests.openapi.house import ABSENT, House

UNREADABLE = {
    "/api/booking/sessions/": {"starts_after": "soon"},
    "/api/booking/bookings/": {"status": "lost"},
    "/api/payments/purchases/": {"status": "lost"},
    "/api/members/": {"search": "\0"},
}


def malformed(house: House, operation: Operation) -> Any:
    if operation.method == "GET":
        return house.as_carla.get(operation.path, **UNREADABLE[operation.path])
    return house.send(operation, data="{", content_type="application/json")


def anonymous(house: House, operation: Operation) -> Any:
    return Caller().send(operation.method, house.path(operation))


def forbidden(house: House, operation: Operation) -> Any:
    if operation.method == "GET":
        return house.as_ana.get(house.path(operation))
    return house.with_cookie().generic(operation.method, house.path(operation))


def absent(house: House, operation: Operation) -> Any:
    if "{" in operation.path:
        return house.as_carla.send(operation.method, operation.path.format(**ABSENT))
    return house.as_carla.get(operation.path, cursor="nowhere")


def unacceptable(house: House, operation: Operation) -> Any:
    return house.as_carla.http.generic(operation.method, house.path(operation), headers={"Accept": "application/xml"})


def without_length(house: House, operation: Operation) -> Any:
    headers = {**house.as_ana.headers, "Transfer-Encoding": "chunked"}
    return house.as_ana.http.generic(operation.method, house.path(operation), headers=headers)


def too_large(house: House, operation: Operation) -> Any:
    return house.send(operation, data='"' + "x" * 1_000_000 + '"', content_type="application/json")


def no_json(house: House, operation: Operation) -> Any:
    return house.send(operation, data="words", content_type="text/plain")


def too_often(house: House, operation: Operation) -> Any:
    house.as_ana.send(operation.method, house.path(operation))
    return house.as_ana.send(operation.method, house.path(operation))


def database_gone(house: House, operation: Operation) -> Any:
    with at("", errors.TooManyConnections, times=100):
        return house.as_ana.send(operation.method, house.path(operation))


EVERYWHERE: dict[str, Callable[[House, Operation], Any]] = {
    "400": malformed,
    "401": anonymous,
    "403": forbidden,
    "404": absent,
    "406": unacceptable,
    "411": without_length,
    "413": too_large,
    "415": no_json,
    "429": too_often,
    "503": database_gone,
}
