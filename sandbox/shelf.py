"""Objects in the order they were made: found by identifier at once, listed newest first with cursors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.stripe import errors

Json = dict[str, Any]


class Shelf:
    """One kind of object; with `most`, the oldest go once there are more."""

    def __init__(self, kind: str, *, most: int | None = None) -> None:
        self.kind = kind
        self._most = most
        self._forgotten = 0
        self._objects: list[Json] = []
        self._place: dict[str, int] = {}  # counted from the very first object, forgotten ones included

    def __len__(self) -> int:
        return len(self._objects)

    def put(self, thing: Json, *, identifier: str = "id") -> None:
        """Add one object, the newest."""
        self._place[thing[identifier]] = self._forgotten + len(self._objects)
        self._objects.append(thing)
        if self._most is not None and len(self._objects) > self._most + self._most // 10:
            self._forget(len(self._objects) - self._most, identifier)

    def _forget(self, count: int, identifier: str) -> None:
        for thing in self._objects[:count]:
            del self._place[thing[identifier]]
        del self._objects[:count]
        self._forgotten += count

    def find(self, identifier: str) -> Json | None:
        """The object of that identifier, if there is one."""
        place = self._place.get(identifier)
        return None if place is None else self._objects[place - self._forgotten]

    def get(self, identifier: str, *, param: str = "id", status: int = 404) -> Json:
        """The object of that identifier; refuses with `resource_missing` when there is none."""
        thing = self.find(identifier)
        if thing is None:
            raise errors.missing(self.kind, identifier, param=param, status=status)
        return thing

    def newest_first(self) -> Iterator[Json]:
        """Every object, the newest first."""
        return reversed(self._objects)

    def page(self, wanted: Json, *, url: str, keep: Callable[[Json], bool]) -> Json:
        """One page in Stripe's list shape, newest first, after `limit`, cursors and `created` bounds."""
        limit = wanted.get("limit", 10)
        if not 1 <= limit <= 100:
            raise errors.invalid(
                "Invalid limit: must be between 1 and 100", param="limit", code="parameter_invalid_integer"
            )
        bounds = wanted.get("created", {})
        matching = (thing for thing in self._walk(wanted) if within(thing["created"], bounds) and keep(thing))
        found: list[Json] = []
        for thing in matching:
            found.append(thing)
            if len(found) > limit:
                break
        data = found[:limit]
        if "ending_before" in wanted:
            data.reverse()
        return {"object": "list", "data": data, "has_more": len(found) > limit, "url": url}

    def _walk(self, wanted: Json) -> Iterator[Json]:
        after, before = wanted.get("starting_after"), wanted.get("ending_before")
        if after and before:
            raise errors.invalid("Give either starting_after or ending_before, not both", param="ending_before")
        if before:
            places: range = range(self._cursor(before, "ending_before") + 1, len(self._objects))
        else:
            places = range((self._cursor(after, "starting_after") if after else len(self._objects)) - 1, -1, -1)
        return (self._objects[place] for place in places)

    def _cursor(self, identifier: str, param: str) -> int:
        self.get(identifier, param=param, status=400)
        return self._place[identifier] - self._forgotten


def within(moment: int, bounds: dict[str, int]) -> bool:
    """Whether a Unix time lies inside the bounds given."""
    return (
        ("gt" not in bounds or moment > bounds["gt"])
        and ("gte" not in bounds or moment >= bounds["gte"])
        and ("lt" not in bounds or moment < bounds["lt"])
        and ("lte" not in bounds or moment <= bounds["lte"])
    )
