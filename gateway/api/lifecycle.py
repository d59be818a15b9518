"""What is going away: since when it is deprecated, when it ends, what comes after it. Rule API9.

Kept as data in ``lifecycle.yaml``. A line may name one operation or a whole version; the line of an
operation counts before that of its version.

Source: RFC 9745 (Deprecation), RFC 8594 (Sunset), RFC 5829 (successor-version), RFC 9652
(Link-Template), RFC 9110 15.5.11 (410).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from functools import lru_cache
from importlib import resources
from typing import Annotated, Final, Self, TypeAlias

import yaml
from fastapi.routing import APIRoute
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from starlette.routing import Match
from starlette.types import Scope

from adapters.contract import Clock
from gateway.clock import TOKYO, SystemClock
from gateway.errors import ExplainedError
from gateway.problems import Problem
from standard_models.safe_yaml import safe_load

Operation: TypeAlias = tuple[str, str]
"""A method and the template of a path."""
Address = Annotated[str, StringConstraints(pattern=r"^(/|https://)[!#-;=?-~]+$", max_length=200)]
"""A path of this gateway or an address elsewhere; neither blanks nor what would end a header."""

_FILE: Final = "lifecycle.yaml"
_VERSION: Final = re.compile(r"(?:^|/)(v[0-9]+)/")


class LifecycleError(ExplainedError):
    """``lifecycle.yaml`` says what cannot be; the gateway does not start."""

    def __init__(self, problems: Sequence[str]) -> None:
        wrong = "; ".join(problems)
        super().__init__(f"{_FILE} に誤りがあります（{wrong}）", f"{_FILE}: {wrong}")


class Line(BaseModel):
    """One line: an operation or a version that is going away."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: Annotated[str, StringConstraints(pattern=r"^[A-Z]+ /\S+$")] | None = None
    version: Annotated[str, StringConstraints(pattern=r"^v[0-9]+$")] | None = None
    deprecated: AwareDatetime
    sunset: AwareDatetime | None = None
    successor: Address | Annotated[str, StringConstraints(pattern=r"^v[0-9]+$")] | None = None
    page: Address = "/docs"

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.operation is None) == (self.version is None):
            msg = "name an operation or a version"
            raise ValueError(msg)
        if self.sunset is not None and self.sunset < self.deprecated:
            msg = f"sunset of {self.names} lies before deprecated (RFC 9745, 4)"
            raise ValueError(msg)
        if self.successor and (self.version is None) == self.successor.startswith("v"):
            msg = f"successor of {self.names}: a version follows a version, an address an operation"
            raise ValueError(msg)
        return self

    @property
    def names(self) -> str:
        """Return what the line is about."""
        return self.operation or self.version or ""


@dataclass(frozen=True, slots=True)
class Ending:
    """An operation that is going away. ``successor`` and ``page`` are whole addresses."""

    method: str
    path: str
    deprecated: dt.datetime
    sunset: dt.datetime | None
    successor: str | None
    page: str

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return what every answer of the operation says of its end."""
        said = [("deprecation", f"@{int(self.deprecated.timestamp())}")]
        links = [f'<{self.page}>; rel="deprecation"; type="text/html"']
        if self.sunset is not None:
            said.append(("sunset", format_datetime(self.sunset.astimezone(dt.UTC), usegmt=True)))
            links.append(f'<{self.page}>; rel="sunset"; type="text/html"')
        if self.successor is not None and "{" in self.successor:
            # What stands in the path that was called is not repeated.
            said.append(("link-template", f'"{self.successor}"; rel="successor-version"'))
        elif self.successor is not None:
            links.append(f'<{self.successor}>; rel="successor-version"')
        said.append(("link", ", ".join(links)))
        return [(name.encode(), value.encode()) for name, value in said]

    def facts(self) -> dict[str, str]:
        """Return the same as plain data: times by RFC 3339, in Japan."""
        said = {
            "deprecated": _moment(self.deprecated),
            "sunset": _moment(self.sunset) if self.sunset else "",
            "successor": self.successor or "",
            "page": self.page,
        }
        return {name: value for name, value in said.items() if value}

    def refusal(self) -> Problem:
        """Return what whoever calls it after its end is told."""
        facts = self.facts()
        shown: dict[str, str] = {n: facts[n] for n in ("sunset", "successor") if n in facts}
        then_ja = f"代わりは {self.successor} です。" if self.successor else ""
        then_en = f" Use {self.successor}." if self.successor else ""
        day = facts["sunset"][:10]
        return Problem(
            "operation-ended",
            f"{self.method} {self.path} は {day} に終わりました。{then_ja}",
            f"{self.method} {self.path} ended on {day}.{then_en}",
            extensions=shown,
        )


class Lifecycle:
    """The lines, bound to the operations that there are.

    Args:
        lines: what is going away.
        routes: every route, in the order in which a request is compared with them.
        public_url: the gateway as consumers see it, without a final slash.
        clock: tells which sunsets are over.

    Raises:
        LifecycleError: a line names no documented operation, or a successor that is none.
    """

    def __init__(
        self,
        lines: Sequence[Line] = (),
        routes: Iterable[object] = (),
        public_url: str = "",
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._routes = tuple(route for route in routes if isinstance(route, APIRoute))
        self._public_url = public_url
        self._paths: dict[Operation, APIRoute] = {
            (method, route.path): route
            for route in self._routes
            if route.include_in_schema
            for method in route.methods or ()
        }
        self.endings: Mapping[Operation, Ending] = self._bound(lines)
        going = {operation[1] for operation in self.endings}
        self._going = tuple(route for route in self._routes if route.path in going)

    def require_open(self, ending: Ending) -> None:
        """Do nothing before the sunset.

        Raises:
            Problem: ``operation-ended``; it names what comes after.
        """
        if ending.sunset is not None and ending.sunset <= self._clock.now():
            raise ending.refusal()

    def find(self, scope: Scope) -> tuple[Ending, APIRoute] | None:
        """Return what is known of the end of the operation that a request calls, and its route."""
        if not any(_is_called(route, scope) for route in self._going):
            return None
        called = next(route for route in self._routes if _is_called(route, scope))
        ending = self.endings.get((scope["method"], called.path))
        return (ending, called) if ending is not None else None

    def _bound(self, lines: Sequence[Line]) -> Mapping[Operation, Ending]:
        problems = []
        for line in lines:
            if not any(_is_of(line, operation) for operation in self._paths):
                problems.append(f"there is no operation of {line.names}")
            if line.operation and _is_ours(line.successor) and not self._has(line.successor):
                problems.append(f"there is no {line.successor}")
        if problems:
            raise LifecycleError(problems)
        return {
            operation: self._ending(meant, operation)
            for operation in self._paths
            if (meant := line_of(lines, operation)) is not None
        }

    def _ending(self, line: Line, operation: Operation) -> Ending:
        method, path = operation
        successor = line.successor
        if line.version is not None and successor is not None:
            after = path.replace(f"/{line.version}/", f"/{successor}/", 1)
            successor = after if (method, after) in self._paths else None
        return Ending(
            method,
            path,
            line.deprecated,
            line.sunset,
            self._whole(successor) if successor else None,
            self._whole(line.page),
        )

    def _has(self, path: str | None) -> bool:
        return any(known == path for _, known in self._paths)

    def _whole(self, address: str) -> str:
        return f"{self._public_url}{address}" if _is_ours(address) else address


NO_LIFECYCLE: Final = Lifecycle()
"""Nothing is going away."""


def read_lifecycle(text: str | None = None) -> tuple[Line, ...]:
    """Return the lines of ``text``, by default of ``lifecycle.yaml``.

    Raises:
        LifecycleError: it is not YAML, or a line says what cannot be.
    """
    if text is None:
        text = resources.files("gateway.api").joinpath(_FILE).read_text("utf-8")
    try:
        return TypeAdapter(tuple[Line, ...]).validate_python(safe_load(text) or ())
    except yaml.YAMLError:
        raise LifecycleError(["not YAML"]) from None
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise LifecycleError(
            [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in found]
        ) from None


def line_of(lines: Iterable[Line], operation: Operation) -> Line | None:
    """Return the line about an operation: its own, else that of its version."""
    found = [line for line in lines if _is_of(line, operation)]
    return min(found, key=lambda line: line.operation is None, default=None)


@lru_cache(maxsize=1_024)
def version_of(path: str) -> str:
    """Return which version an operation belongs to by its path (``v1``), ``-`` if to none."""
    found = _VERSION.search(path)
    return found[1] if found else "-"


def _is_called(route: APIRoute, scope: Scope) -> bool:
    return route.matches(scope)[0] is Match.FULL


def _is_of(line: Line, operation: Operation) -> bool:
    if line.version is not None:
        return operation[1].startswith(f"/{line.version}/")
    return line.operation == " ".join(operation)


def _is_ours(address: str | None) -> bool:
    return address is not None and address.startswith("/")


def _moment(time: dt.datetime) -> str:
    return time.astimezone(TOKYO).isoformat()
